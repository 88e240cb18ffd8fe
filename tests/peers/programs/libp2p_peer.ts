/**
 * A js-libp2p node with its own TCP transport, identify, ping and the table of peers that IPFS uses. Arguments: addresses of
 * peers to connect to first. Prints its address, and the id of each peer that it learns to know; ends with its standard input.
 */
import process from "node:process";
import { noise } from "@chainsafe/libp2p-noise";
import { identify } from "@libp2p/identify";
import { kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

const node = await createLibp2p({
  addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    ping: ping(),
    dht: kadDHT({
      protocol: "/ipfs/lan/kad/1.0.0",
      peerInfoMapper: passthroughMapper,
      clientMode: false,
      allowQueryWithZeroPeers: true,
    }),
  },
});
node.addEventListener("peer:identify", ({ detail }) => {
  console.log(`identified ${detail.peerId} at ${detail.connection.remoteAddr}: ${detail.agentVersion}`);
});
for (const address of process.argv.slice(2)) await node.dial(multiaddr(address));
console.log(String(node.getMultiaddrs()[0]));
process.stdin.resume().on("end", () => void node.stop());
