/** Waiting for servers that do not say when they are ready. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/**
 * Waits until somebody accepts connections.
 *
 * @param port TCP port on 127.0.0.1.
 * @param withinMs Milliseconds to wait at most.
 * @throws {TypeError} when nobody does in time.
 */
export async function untilListening(port: number, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!await accepts(port)) {
    if (performance.now() > deadline) throw new TypeError(`Cannot find a server on port ${port} within ${withinMs} ms`);
    await delay(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
