/**
 * A bound UDP socket that nobody reads from until it is told to: prints its port, then its counts for every line on standard
 * input; after the line `read` it takes what waits first.
 */
import process from "node:process";
import { bindUDPSocket } from "../../../net/mod.ts";

const socket = await bindUDPSocket({ receiveBufferSize: 4 * 1024 * 1024 });
let asked = 0;
print({ is: "listening", port: socket.localPort });
for await (const line of process.stdin.setEncoding("utf8")) {
  if (String(line).startsWith("read")) await takeWaiting();
  print({ is: "state", number: ++asked, ...socket.stats });
}

async function takeWaiting(): Promise<void> {
  const reader = socket.readable.getReader();
  while (socket.stats.queued > 0) await reader.read();
  reader.releaseLock();
}

function print(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
