/** The tasks that move bytes over one connection, and the one that opens connections. */
import { type BenchConnection, CHUNK_BYTES, type Contestant } from "../contestant.ts";
import type { ClientOrder, TaskName } from "../plan.ts";
import { type Activity, measureOften, measureOnce } from "./measure.ts";

const PING_BYTES = 64;

/** Prepares a task over bytes. */
export async function bytesActivity(contestant: Contestant, { task, port }: ClientOrder): Promise<Activity> {
  if (task === "connect") {
    const connectOnce = async (): Promise<void> => await (await contestant.open(port, "chunks")).close();
    return { run: (timeMs) => measureOften(connectOnce, { timeMs }) };
  }
  const open = await contestant.open(port, task === "read-byob" ? "buffer" : "chunks");
  if (task !== "ping-pong") return { run: (bytes) => measureOnce(() => move(task, open, bytes)) };
  await open.send(encode("echo\n"));
  const message = new Uint8Array(PING_BYTES);
  const pingOnce = async (): Promise<void> => {
    await open.send(message);
    await open.receive(PING_BYTES);
  };
  return { run: (timeMs) => measureOften(pingOnce, { timeMs }) };
}

function move(task: TaskName, open: BenchConnection, bytes: number): Promise<void> {
  return task === "write" ? transmit(open, bytes) : receive(open, bytes);
}

async function receive(open: BenchConnection, bytes: number): Promise<void> {
  await open.send(encode(`send ${bytes}\n`));
  await open.receive(bytes);
}

async function transmit(open: BenchConnection, bytes: number): Promise<void> {
  await open.send(encode(`receive ${bytes}\n`));
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let sent = 0; sent < bytes; sent += chunk.byteLength) await open.send(chunk);
  await open.receive(1);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
