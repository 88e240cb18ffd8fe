/**
 * The asking half of a pair. Arguments: plain port, TLS port, file of the authority. Prints what became of each exchange: a
 * mebibyte there and back with a half-close, the same over TLS, and a connection that the server resets.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openTCPSocket, type TCPSocket, type TCPSocketOptions } from "../../../mod.ts";
import { outcomeOf } from "./outcome.ts";

const MEBIBYTE = 1024 * 1024;
const [plain = "", secure = "", caFile = ""] = process.argv.slice(2);
const tls: TCPSocketOptions = { secureTransport: "on", tls: { ca: readFileSync(caFile, "utf8") } };

console.log(JSON.stringify({
  halfClose: await outcomeOf(async () => await echo(await open(plain))),
  tls: await outcomeOf(async () => await echo(await open(secure, tls))),
  reset: await outcomeOf(async () => await untilReset(await open(plain))),
}));

function open(port: string, options: TCPSocketOptions = {}): Promise<TCPSocket> {
  return openTCPSocket({ remoteAddress: "localhost", remotePort: Number(port), ...options });
}

/**
 * Sends everything and compares what comes back. Plaintext ends this direction first; over TLS that is for the end, since Bun
 * answers a close_notify with its own at once (see the trait `writesAfterCloseNotify` of the contract suite).
 */
async function echo(socket: TCPSocket): Promise<{ received: number; equal: boolean; protocol: string | null }> {
  const plaintext = socket.tlsInfo === null;
  const sent = new Uint8Array(MEBIBYTE).map((_, at) => (at * 31 + (at >> 8)) & 0xff);
  const sending = (async () => {
    const writer = socket.writable.getWriter();
    await writer.write(new TextEncoder().encode("E"));
    for (let at = 0; at < sent.length; at += 50_000) await writer.write(sent.subarray(at, at + 50_000));
    if (plaintext) await writer.close();
    writer.releaseLock();
  })();
  const received = await readAtMost(socket, sent.length + (plaintext ? 1 : 0));
  await sending;
  if (!plaintext) await socket.close();
  await socket.closed;
  const equal = received.length === sent.length && received.every((byte, at) => byte === sent[at]);
  return { received: received.length, equal, protocol: socket.tlsInfo?.protocol ?? null };
}

/** Sends until the far end has had enough; fails with what the stream fails with. */
async function untilReset(socket: TCPSocket): Promise<never> {
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("B"));
  for (;;) await writer.write(new Uint8Array(65_536));
}

async function readAtMost({ readable }: TCPSocket, length: number): Promise<Uint8Array> {
  const reader = readable.getReader({ mode: "byob" });
  const received = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { done, value } = await reader.read(new Uint8Array(Math.min(65_536, length - at)));
    if (done) break;
    received.set(value, at);
    at += value.length;
  }
  reader.releaseLock();
  return received.subarray(0, at);
}
