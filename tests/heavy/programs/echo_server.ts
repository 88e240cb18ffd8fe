/**
 * An echo server for very many connections, by Parley or by the runtime's own calls. Arguments: `parley` or `native`.
 * Prints its port as a record, then one with its resident memory for every line on standard input.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openTCPServer } from "../../../net/mod.ts";

const MANY = 20_000;
const CHUNK_BYTES = 4096;

interface BunSocket {
  write(bytes: Uint8Array): number;
}

interface BunServing {
  listen(options: object): { readonly port: number };
}

const { Deno, Bun } = globalThis as unknown as { Deno?: typeof globalThis.Deno; Bun?: BunServing };
let connections = 0;
const kind = process.argv[2];
const port = kind === "parley" ? await serveParley() : await serveNative();
let asked = 0;
print({ is: "listening", port });
process.stdin.setEncoding("utf8").on(
  "data",
  () => print({ is: "state", number: ++asked, connections, residentKib: residentKib() }),
);

async function serveParley(): Promise<number> {
  const server = await openTCPServer({ maxConnections: MANY, maxConnectionsPerSource: MANY, backlog: 4096 });
  void (async () => {
    for await (const socket of server) {
      connections++;
      void socket.readable.pipeTo(socket.writable).catch(() => {});
    }
  })();
  return server.localPort;
}

async function serveNative(): Promise<number> {
  if (Deno !== undefined) return serveDeno(Deno);
  if (Bun !== undefined) return serveBun(Bun);
  const { createServer } = await import("node:net");
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => {}).on("data", (chunk) => void socket.write(chunk));
  });
  await new Promise<void>((resolve) => void server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, resolve));
  return (server.address() as { port: number }).port;
}

function serveDeno(deno: typeof globalThis.Deno): number {
  const listener = deno.listen({ hostname: "127.0.0.1", port: 0 });
  const echo = async (conn: globalThis.Deno.Conn): Promise<void> => {
    const memory = new Uint8Array(CHUNK_BYTES);
    for (let count = await conn.read(memory); count !== null; count = await conn.read(memory)) {
      await conn.write(memory.subarray(0, count));
    }
    conn.close();
  };
  void (async () => {
    for await (const conn of listener) {
      connections++;
      void echo(conn).catch(() => {});
    }
  })();
  return (listener.addr as globalThis.Deno.NetAddr).port;
}

function serveBun(bun: BunServing): number {
  return bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: () => void connections++,
      data: (socket: BunSocket, chunk: Uint8Array) => void socket.write(chunk),
    },
  }).port;
}

function residentKib(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

function print(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
