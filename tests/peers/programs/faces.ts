/**
 * The two other faces against real servers. Arguments: port of a plain echo server, port of a TLS server with ALPN, file of its
 * authority, a UDP port to bind to. Prints what became of each exchange.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { TCPSocket, UDPSocket } from "../../../net/direct_sockets.ts";
import { connect } from "../../../net/wintertc.ts";
import { outcomeOf } from "./outcome.ts";

const [plain = "", secure = "", caFile = "", udpPort = ""] = process.argv.slice(2);
const ca = readFileSync(caFile, "utf8");
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

console.log(JSON.stringify({
  directTcp: await outcomeOf(directTcp),
  directUdp: await outcomeOf(directUdp),
  winterTc: await outcomeOf(winterTc),
  alpn: await outcomeOf(() => agreed(["other/1", "demo/1"])),
  noAlpn: await outcomeOf(() => agreed(["other/1"])),
}));
process.exit(0);

async function directTcp(): Promise<string> {
  const socket = new TCPSocket("localhost", Number(plain));
  const { readable, writable } = await socket.opened;
  const writer = writable.getWriter();
  await writer.write(bytes("by the draft"));
  await writer.close();
  const text = await new Response(readable).text();
  await socket.closed;
  return text;
}

async function directUdp(): Promise<unknown> {
  const bound = new UDPSocket({ localAddress: "127.0.0.1", localPort: Number(udpPort) });
  const { readable, writable } = await bound.opened;
  const near = new UDPSocket({ remoteAddress: "127.0.0.1", remotePort: Number(udpPort) });
  const info = await near.opened;
  await info.writable.getWriter().write({ data: bytes("ping") });
  const { value } = await readable.getReader().read();
  await writable.getWriter().write({ ...value, data: bytes("pong") });
  const answer = await info.readable.getReader().read();
  return [new TextDecoder().decode(answer.value?.data as Uint8Array), Object.keys(answer.value ?? {})];
}

async function winterTc(): Promise<string> {
  const socket = connect(`localhost:${plain}`, { allowHalfOpen: true });
  const writer = socket.writable.getWriter();
  await writer.write("from the winter");
  await writer.close();
  const text = await new Response(socket.readable).text();
  await socket.close();
  return text;
}

async function agreed(alpn: string[]): Promise<unknown> {
  const socket = connect(`localhost:${secure}`, { secureTransport: "on", alpn, tls: { ca } });
  try {
    return (await socket.opened).alpn;
  } catch (error) {
    // What is checked here is the cause; the name of the error is the face's own.
    throw Object.assign(new DOMException("refused", "NetworkError"), { cause: (error as Error).cause });
  } finally {
    await socket.close().catch(() => {});
  }
}
