/**
 * Very many clients of an echo server, in a process of their own: a process has no more descriptors than it needs itself.
 * Arguments: port, idle connections, active ones, rounds. Prints a record when all are open, and, after a line on standard
 * input, one when the active ones have each sent and received so many messages.
 */
import { connect, type Socket } from "node:net";
import process from "node:process";

const AT_ONCE = 256;
const MESSAGE = new Uint8Array(1024).map((_, at) => at);
const [port = 0, idle = 0, active = 0, rounds = 0] = process.argv.slice(2).map(Number);
const sockets: Socket[] = [];

while (sockets.length < idle + active) {
  const missing = Math.min(AT_ONCE, idle + active - sockets.length);
  sockets.push(...await Promise.all(Array.from({ length: missing }, () => open())));
}
print({ is: "open", open: sockets.length });
await new Promise((resolve) => void process.stdin.once("data", resolve));
const from = performance.now();
const talking = sockets.slice(0, active);
await Promise.all(talking.map(talk));
print({
  is: "done",
  messages: active * rounds,
  elapsedMs: performance.now() - from,
  open: sockets.filter((one) => !one.destroyed).length,
});
for (const socket of sockets) socket.destroy();
process.exit(0);

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Sends a message, waits until all of it came back, and again. */
function talk(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    let round = 0;
    socket.on("close", () => reject(new RangeError(`A connection ended in round ${round}`)));
    socket.on("data", (chunk: Uint8Array) => {
      for (const byte of chunk) {
        if (byte !== MESSAGE[received++ % MESSAGE.length]) reject(new RangeError("A byte came back changed"));
      }
      if (received < (round + 1) * MESSAGE.length) return;
      if (++round === rounds) return resolve();
      socket.write(MESSAGE);
    });
    socket.write(MESSAGE);
  });
}

function print(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
