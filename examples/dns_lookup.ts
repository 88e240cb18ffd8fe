/**
 * Asks a name server over UDP, and again over TCP when the answer is too long for a datagram (RFC 1035, RFC 7766):
 * `PARLEY_ALLOW=udp://9.9.9.9:53,9.9.9.9:53 deno run -A examples/dns_lookup.ts example.org AAAA 9.9.9.9`
 */
import process from "node:process";
import { decode, encode, type Packet, type RecordType, TRUNCATED_RESPONSE } from "@leichtgewicht/dns-packet";
import { LengthPrefixDecoderStream, LengthPrefixEncoderStream, openTCPSocket, openUDPSocket } from "@parley/parley";

const [name = "example.org", type = "A", server = "9.9.9.9", port = "53"] = process.argv.slice(2);
const where = { remoteAddress: server, remotePort: Number(port) };
const questions = [{ name, type: type.toUpperCase() as RecordType }];
const RECURSION_DESIRED = 0x100;
const TRIES = 3;
const TRY_MS = 2_000;

/** A question with a number that an attacker would have to guess. */
function makeQuery(): { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> } {
  const id = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  return { id, bytes: new Uint8Array(encode({ type: "query", id, flags: RECURSION_DESIRED, questions })) };
}

/** Reads an answer; null when it is none to this question. */
function readAnswer(bytes: Uint8Array, id: number): Packet | null {
  const answer = decode(bytes);
  const [asked] = answer.questions ?? [];
  const fits = answer.type === "response" && answer.id === id && asked?.name.toLowerCase() === name.toLowerCase();
  return fits ? answer : null;
}

/** Over UDP: whatever is lost is asked again. */
async function askOverUdp(): Promise<Packet> {
  await using socket = await openUDPSocket(where);
  const { id, bytes } = makeQuery();
  let tries = 0;
  const send = (): void => {
    if (tries++ < TRIES) socket.send(bytes).catch(console.error);
    else socket.close().catch(console.error); // ends the loop below
  };
  send();
  const timer = setInterval(send, TRY_MS);
  try {
    for await (const [, datagram] of socket) {
      const answer = readAnswer(await datagram.bytes(), id);
      if (answer !== null) return answer;
    }
  } finally {
    clearInterval(timer);
  }
  throw new DOMException(`${server} does not answer`, "TimeoutError");
}

/** Over TCP each message has its length before it. */
async function askOverTcp(): Promise<Packet> {
  await using socket = await openTCPSocket({ ...where, readTimeout: TRIES * TRY_MS });
  const { id, bytes } = makeQuery();
  const question = ReadableStream.from([bytes]).pipeThrough(new LengthPrefixEncoderStream({ lengthBytes: 2 }));
  await question.pipeTo(socket.writable, { preventClose: true }); // some servers take a half-close for a good-bye
  for await (const frame of socket.readable.pipeThrough(new LengthPrefixDecoderStream({ lengthBytes: 2 }))) {
    const answer = readAnswer(frame, id);
    if (answer !== null) return answer;
  }
  throw new RangeError(`${server} hung up without an answer`);
}

let answer = await askOverUdp();
if (((answer.flags ?? 0) & TRUNCATED_RESPONSE) !== 0) {
  console.error("the answer is too long for a datagram: asking over TCP");
  answer = await askOverTcp();
}
console.log(answer.rcode ?? "NOERROR");
const text = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? String.fromCharCode(...value) : value;
for (const { name, type, ttl, data } of answer.answers ?? []) {
  console.log(`${name} ${ttl} ${type} ${typeof data === "string" ? data : JSON.stringify(data, text)}`);
}
