/**
 * The serving half of a pair: a plain and a TLS server that do what the first byte of a connection says: E echoes until the far
 * end has finished, B (break) closes with bytes unread, which resets. Arguments: certificate file, key file. Prints both ports.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type AcceptedSocket, openTCPServer, type TCPServer } from "../../../net/mod.ts";

const [cert = "", key = ""] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const plain = await openTCPServer();
const secure = await openTCPServer({ secureTransport: "on", tls: { cert, key } });
void serve(plain);
void serve(secure);
console.log(JSON.stringify({ is: "listening", plain: plain.localPort, secure: secure.localPort }));

async function serve(server: TCPServer): Promise<void> {
  for await (const socket of server) void answer(socket).catch(() => {});
}

async function answer(socket: AcceptedSocket): Promise<void> {
  const reader = socket.readable.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(1));
  reader.releaseLock();
  if (value?.[0] === "E".charCodeAt(0)) return await socket.readable.pipeTo(socket.writable);
  await socket.close();
}
