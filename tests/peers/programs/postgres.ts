/**
 * PostgreSQL after SSLRequest: the answer to a startup message, and a question only the server can answer.
 * Arguments: port, file with the authority, role.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "../../../mod.ts";
import { say, type Streams } from "./dialogue.ts";
import { printOutcome } from "./outcome.ts";

await printOutcome(async () => {
  const [port, ca, role] = [process.argv[2], process.argv[3] ?? "", process.argv[4]];
  const options = { remoteAddress: "localhost", remotePort: Number(port), secureTransport: "starttls" } as const;
  await using plain = await openTCPSocket({ ...options, tls: { ca: await readFile(ca, "utf8") } });
  await say(plain, packet("", "\x04\xd2\x16\x2f"));
  const offer = await readBytes(plain, 1);
  if (offer !== "S") return { offer };
  await using secure = await plain.startTls();
  await say(secure, packet("", `\x00\x03\x00\x00user\x00${role}\x00database\x00postgres\x00\x00`));
  const [kind, authentication] = await readPacket(secure);
  if (authentication !== "\x00\x00\x00\x00") return { offer, kind, authentication };
  await readUntil(secure, "Z");
  await say(secure, packet("Q", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()\x00"));
  return { offer, kind, authentication, row: await readUntil(secure, "D") };
});

/** A message: its kind (none for the first ones), the length of the rest with itself, the rest. */
function packet(kind: string, rest: string): string {
  const length = rest.length + 4;
  return `${kind}${String.fromCharCode(length >> 24, length >> 16 & 255, length >> 8 & 255, length & 255)}${rest}`;
}

async function readUntil(streams: Streams, wanted: string): Promise<string> {
  for (;;) {
    const [kind, rest] = await readPacket(streams);
    if (kind === wanted) return rest;
    if (kind === "E") throw new RangeError(`Cannot go on: the server says ${rest}`);
  }
}

async function readPacket(streams: Streams): Promise<[kind: string, rest: string]> {
  const head = await readBytes(streams, 5);
  const length = [...head.slice(1)].reduce((sum, character) => sum * 256 + character.charCodeAt(0), 0);
  return [head.slice(0, 1), await readBytes(streams, length - 4)];
}

async function readBytes({ readable }: Streams, count: number): Promise<string> {
  if (count === 0) return "";
  const reader = readable.getReader({ mode: "byob" });
  try {
    const { value, done } = await reader.read(new Uint8Array(count), { min: count });
    if (done) throw new RangeError("Cannot read a message: the connection has ended");
    return String.fromCharCode(...value);
  } finally {
    reader.releaseLock();
  }
}
