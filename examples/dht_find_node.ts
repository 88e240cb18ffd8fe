/**
 * Finds nodes of the BitTorrent DHT near an id, without a client library (BEP 5):
 * `PARLEY_ALLOW=udp-peers://0.0.0.0:0 deno run -A examples/dht_find_node.ts router.bittorrent.com 6881`
 *
 * A DHT is a talk with many strangers, and nobody reads a question about each. With `peers: "public"` the operator answers one
 * for all of them: public addresses, ports from 1024, at most 50 new ones a minute. With "approved" at the end of the command
 * each node is a question of its own, and those that nobody approved are passed over.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import bencode from "bencode";
import { bindUDPSocket } from "@parley/parley";

const [host = "router.bittorrent.com", port = "6881", peers = "public"] = process.argv.slice(2);
const ID_BYTES = 20;
const WANTED = 8;
const AT_ONCE = 3;
const ANSWER_MS = 2_000;

interface Node {
  readonly address: string;
  readonly port: number;
  readonly distance: bigint;
}

const random = (bytes: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)));
const toNumber = (id: Uint8Array): bigint => BigInt(`0x${Buffer.from(id).toString("hex")}`);
const [me, target] = [random(ID_BYTES), random(ID_BYTES)];

const bound = { localAddress: "0.0.0.0", peers: peers === "approved" ? "approved" : "public" } as const;
await using socket = await bindUDPSocket(bound);
/** What is done with the answer to each question that is open. */
const open = new Map<string, (answer: Uint8Array) => void>();

/** Gives answers to those who wait for them. Whatever else strangers send is nothing to us. */
async function listen(): Promise<void> {
  for await (const { data } of socket) {
    try {
      const { t, y, r } = bencode.decode(data);
      if (Buffer.from(y).toString() === "r") open.get(Buffer.from(t).toString("hex"))?.(r.nodes ?? new Uint8Array());
    } catch {
      continue; // not of this protocol
    }
  }
}

/** Asks a node which nodes it knows near the target; null when it does not answer. */
async function findNode({ address, port }: Node): Promise<Node[] | null> {
  const transaction = random(4);
  const key = transaction.toString("hex");
  // "ro" says that we answer no questions ourselves (BEP 43).
  const question = { t: transaction, y: "q", q: "find_node", ro: 1, a: { id: me, target } };
  const { promise, resolve } = Promise.withResolvers<Uint8Array | null>();
  open.set(key, resolve);
  const timer = setTimeout(resolve, ANSWER_MS, null);
  try {
    await socket.send(new Uint8Array(bencode.encode(question)), { remoteAddress: address, remotePort: port });
    const nodes = await promise;
    return nodes === null ? null : readNodes(nodes);
  } catch (error) {
    console.error(`${error}`); // not approved, or more new ones than a minute has room for
    return null;
  } finally {
    clearTimeout(timer);
    open.delete(key);
  }
}

/** Nodes stand one after the other: an id, an IPv4 address and a port. */
function readNodes(bytes: Uint8Array): Node[] {
  const { buffer, byteOffset } = bytes;
  const starts = Array.from({ length: Math.floor(bytes.byteLength / 26) }, (_, index) => index * 26);
  return starts.map((at) => ({
    address: bytes.subarray(at + ID_BYTES, at + ID_BYTES + 4).join("."),
    port: new DataView(buffer, byteOffset + at + ID_BYTES + 4).getUint16(0),
    distance: toNumber(bytes.subarray(at, at + ID_BYTES)) ^ toNumber(target),
  }));
}

void listen();
const known = new Set([`${host}:${port}`]);
let waiting: Node[] = [{ address: host, port: Number(port), distance: 0n }];
let answered = 0;
while (waiting.length > 0 && answered < WANTED) {
  // The nearest first: they know the neighbourhood of the target best.
  waiting.sort((a, b) => a.distance < b.distance ? -1 : 1);
  const asked = waiting.slice(0, AT_ONCE);
  waiting = waiting.slice(AT_ONCE);
  const answers = await Promise.all(asked.map(findNode));
  for (const [index, nodes] of answers.entries()) {
    if (nodes === null) continue;
    answered++;
    console.log(`${asked[index]?.address} port ${asked[index]?.port} knows ${nodes.length}`);
    for (const node of nodes) {
      const name = `${node.address}:${node.port}`;
      if (!known.has(name)) waiting.push(node);
      known.add(name);
    }
  }
}
