/**
 * Lists what offers a service on the local network, by multicast DNS (RFC 6762, RFC 6763):
 * `PARLEY_ALLOW=listen+udp://0.0.0.0:5353,multicast://224.0.0.251:5353 deno run -A examples/mdns_browse.ts _ipp._tcp.local`
 *
 * A group is a destination like any other: the operator approves it once, for hearing and for sending.
 */
import process from "node:process";
import { type Answer, decode, encode, type StringAnswer } from "@leichtgewicht/dns-packet";
import { bindUDPSocket } from "@parley/parley";

const [service = "_http._tcp.local", seconds = "3"] = process.argv.slice(2);
const GROUP = "224.0.0.251";
const PORT = 5353;

// The system's own responder, such as Avahi, has the port too: multicast lets programs share it.
await using socket = await bindUDPSocket({ localAddress: "0.0.0.0", localPort: PORT, addressSharing: true });
await socket.joinGroup(GROUP);

const question = new Uint8Array(encode({ type: "query", questions: [{ name: service, type: "PTR" }] }));
const ask = (): void => void socket.send(question, { remoteAddress: GROUP, remotePort: PORT }).catch(console.error);
ask();
const again = setInterval(ask, 1_000);
const end = setTimeout(() => void socket.close(), Number(seconds) * 1_000);

/** The records of a message, or none: whoever is on the network can send anything here. */
function records(data: Uint8Array): Answer[] {
  try {
    const { type, answers = [], additionals = [] } = decode(data);
    return type === "response" ? [...answers, ...additionals] : [];
  } catch {
    return [];
  }
}

const isPointer = (one: Answer): one is StringAnswer =>
  one.type === "PTR" && one.name.toLowerCase() === service.toLowerCase();
const known = new Set<string>();
for await (const { data, remoteAddress } of socket) {
  const found = records(data);
  for (const { data: instance } of found.filter(isPointer)) {
    if (known.has(instance)) continue;
    known.add(instance);
    const where = found.find((one) => one.type === "SRV" && one.name === instance);
    const at = where?.type === "SRV" ? `${where.data.target} port ${where.data.port}` : "somewhere";
    console.log(`${JSON.stringify(instance)} at ${at}, says ${remoteAddress}`);
  }
}
clearInterval(again);
clearTimeout(end);
