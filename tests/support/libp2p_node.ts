/** A peer of an IPFS network: js-libp2p with its own TCP, on Node, as `tests/peers/programs/libp2p_peer.ts`. */
import { fileURLToPath } from "node:url";
import type { PeerServer } from "./echo_server.ts";
import { runtimePath } from "./runtimes.ts";
import { ServerProcess } from "./server_process.ts";

/** A running peer. */
export interface Libp2pNode extends PeerServer {
  /** Its address with its id, as peers write it. */
  readonly address: string;
  /** Its id, the hash of its key. */
  readonly id: string;
}

const PROGRAM = fileURLToPath(new URL("../peers/programs/libp2p_peer.ts", import.meta.url));

/**
 * Starts a peer on 127.0.0.1. It prints who connects.
 *
 * @param knows Addresses of peers that it connects to first.
 */
export async function startLibp2pNode(...knows: readonly string[]): Promise<Libp2pNode> {
  const { server, ready } = await ServerProcess.start({
    name: "libp2p",
    command: await runtimePath("node"),
    args: [PROGRAM, ...knows],
    ready: /^(\/ip4\/127\.0\.0\.1\/tcp\/(\d+)\/p2p\/(\S+))$/m,
  });
  const [, address = "", port, id = ""] = ready;
  return {
    address,
    id,
    port: Number(port),
    process: server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
