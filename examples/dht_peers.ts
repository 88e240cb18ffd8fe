/**
 * Announces an info hash in the BitTorrent DHT and lists who else did, with a client from npm, bittorrent-dht, whose datagrams
 * go over Parley's socket: `PARLEY_ALLOW=udp-peers://0.0.0.0:0 bun examples/dht_peers.ts HASH 67.215.246.10 6881 6889`
 *
 * The node to begin with stands here by its address: the client would look a name up by itself, past Parley.
 */
import { Buffer } from "node:buffer";
import { EventEmitter, once } from "node:events";
import { isIPv4 } from "node:net";
import process from "node:process";
import DHT from "bittorrent-dht";
import { bindUDPSocket, type BoundUDPSocket } from "@parley/parley";

const [infoHash = "", address = "", port = "6881", announced] = process.argv.slice(2);
if (!/^[0-9a-f]{40}$/i.test(infoHash) || !isIPv4(address)) {
  throw new TypeError("Give an info hash of 40 hexadecimal digits, and the IPv4 address of a node to begin with");
}

type Sent = (error: unknown) => void;

/** The part of a bound `node:dgram` socket that the client uses. */
class DhtSocket extends EventEmitter {
  readonly #socket: BoundUDPSocket;

  constructor(socket: BoundUDPSocket) {
    super();
    this.#socket = socket;
    void this.#listen();
  }

  /** It is bound already; the client says only when it wants to hear. */
  bind(): void {
    queueMicrotask(() => this.emit("listening"));
  }

  address(): { readonly address: string; readonly port: number } {
    return { address: this.#socket.localAddress, port: this.#socket.localPort };
  }

  send(...[data, offset, length, remotePort, remoteAddress, sent]: SendArguments): void {
    const bytes = new Uint8Array(data.subarray(offset, offset + length));
    // What is refused, such as the 51st new node of a minute, is to the client as if it had got lost.
    this.#socket.send(bytes, { remoteAddress, remotePort }).then(() => sent(null), sent);
  }

  close(): void {
    void this.#socket.close();
  }

  async #listen(): Promise<void> {
    for await (const { data, remoteAddress: address, remotePort: port } of this.#socket) {
      this.emit("message", Buffer.from(data.buffer), { address, port });
    }
    this.emit("close");
  }
}

type SendArguments = [data: Buffer, offset: number, length: number, port: number, address: string, sent: Sent];

const socket = new DhtSocket(await bindUDPSocket({ localAddress: "0.0.0.0", peers: "public" }));
const dht = new DHT({ socket, bootstrap: [`${address}:${port}`] });
dht.on("error", (error: unknown) => console.error(error));
dht.listen();
await once(dht, "ready");

if (announced !== undefined) {
  await new Promise<void>((resolve, reject) => {
    dht.announce(infoHash, Number(announced), (error: unknown) => error ? reject(error) : resolve());
  });
  console.log(`announced port ${announced}`);
}

const found = new Set<string>();
dht.on("peer", (peer: { readonly host: string; readonly port: number }) => found.add(`${peer.host} port ${peer.port}`));
await new Promise<void>((resolve) => dht.lookup(infoHash, () => resolve()));
for (const peer of found) console.log(peer);
await new Promise<void>((resolve) => dht.destroy(resolve));
