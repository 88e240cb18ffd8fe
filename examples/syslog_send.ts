/**
 * Sends each line of standard input to a log server (RFC 5424), over TCP with "tcp" at the end:
 * `uptime | PARLEY_ALLOW=udp://logs.local:514 deno run -A examples/syslog_send.ts logs.local 514`
 *
 * A log server answers nothing over UDP, and Parley sends to who does not answer 10 datagrams at once and then one a second:
 * whoever has more to say says it over TCP, where nothing gets lost either.
 */
import { hostname } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { openTCPSocket, openUDPSocket } from "@parley/parley";

const [host = "logs.local", port = "514", transport = "udp"] = process.argv.slice(2);
const LOCAL_0 = 16;
const NOTICE = 5;
const where = { remoteAddress: host, remotePort: Number(port) };

/** One message as it goes over the wire: what it is, when, who says it, and then its text in UTF-8, which the mark announces. */
function makeMessage(text: string): Uint8Array<ArrayBuffer> {
  const about = [
    `<${LOCAL_0 * 8 + NOTICE}>1`,
    new Date().toISOString(),
    hostname(),
    "parley-example",
    process.pid,
    "LINE",
    '[origin software="parley-example"]',
  ];
  return new TextEncoder().encode(`${about.join(" ")} \uFEFF${text}`);
}

/** Over UDP a message is a datagram; `send()` waits until one may leave. */
async function sendOverUdp(): Promise<void> {
  await using socket = await openUDPSocket(where);
  socket.addEventListener("networkerror", ({ error }) => console.error(`a message was lost: ${error}`));
  for await (const line of createInterface(process.stdin)) await socket.send(makeMessage(line));
}

/** Over TCP each message has its length before it, in digits, and a blank (RFC 6587). */
async function sendOverTcp(): Promise<void> {
  await using socket = await openTCPSocket(where);
  const writer = socket.writable.getWriter();
  for await (const line of createInterface(process.stdin)) {
    const message = makeMessage(line);
    await writer.write(new TextEncoder().encode(`${message.byteLength} `));
    await writer.write(message);
  }
  await writer.close();
}

await (transport === "tcp" ? sendOverTcp() : sendOverUdp());
