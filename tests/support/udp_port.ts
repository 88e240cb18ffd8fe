/** UDP ports of servers that can neither pick one by themselves nor say when they have it. Linux. */
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free_port.ts";
import type { ServerProcess } from "./server_process.ts";

/** A server at a port of its own. */
export interface UdpServer extends AsyncDisposable {
  /** Its UDP port on 127.0.0.1. */
  readonly port: number;
  /** The process. */
  readonly process: ServerProcess;
}

const POLL_MS = 10;
/** Another process may take a port between finding and using it. */
const ATTEMPTS = 5;

/**
 * Starts a server at a UDP port that nobody has, and tries again at another when it does not start.
 *
 * @param start Starts it at this port of 127.0.0.1, and fails when it cannot.
 */
export async function onFreeUdpPort<Server>(start: (port: number) => Promise<Server>): Promise<Server> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(await freeUdpPort());
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * A port that is free over TCP as well, because name servers and others take both. The system picks it for TCP: beside a
 * suite with ten thousand connections, whose own ports nobody can listen at, a port picked for UDP alone rarely is.
 */
async function freeUdpPort(): Promise<number> {
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("error", reject);
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve()));
  });
  return port;
}

/**
 * Waits until a server has a UDP port, in whichever network namespace it runs.
 *
 * @param server The server; it is stopped when this fails.
 * @param port The port.
 * @param withinMs Milliseconds to wait at most.
 * @throws {TypeError} When it ends or does not have the port in time, with its output.
 */
export async function untilBound(server: ServerProcess, port: number, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  const local = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port.toString(16).toUpperCase().padStart(4, "0")} `, "m");
  for (;;) {
    const table = await readFile(`/proc/${server.pid}/net/udp`, "latin1").catch(() => null);
    if (table !== null && local.test(table)) return;
    if (table === null || performance.now() > deadline) {
      const message = `Cannot find UDP port ${port} among those of the server\n${server.log()}`;
      await server[Symbol.asyncDispose]();
      throw new TypeError(message);
    }
    await delay(POLL_MS);
  }
}
