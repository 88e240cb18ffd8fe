/**
 * One contestant in a process of its own, for `rounds.ts`. Argument 1 is JSON of {@linkcode ClientOrder}. A line on standard
 * input says how much: bytes for a rate, milliseconds for a time. One line of JSON answers it.
 */
import process from "node:process";
import { Bench } from "tinybench";
import { type BenchConnection, CHUNK_BYTES, type Contestant } from "./contestant.ts";
import { type ClientOrder, type RunFigures, TASKS } from "./plan.ts";

const PING_BYTES = 64;

const order = JSON.parse(process.argv[2] ?? "{}") as ClientOrder;
const contestant = await load(order);
const reading = order.task === "read-byob" ? "buffer" : "chunks";
const connection = order.task === "connect" ? null : await contestant.open(order.port, reading);
if (order.task === "ping-pong") await connection?.send(encode("echo\n"));
say({ ready: true, version: process.versions[order.runtime] });

let partial = "";
for await (const text of process.stdin) {
  const lines = (partial + String(text)).split("\n");
  partial = lines.pop() ?? "";
  for (const line of lines) say(await run(Number(line)));
}
process.exit(0);

async function load({ contestant, runtime }: ClientOrder): Promise<Contestant> {
  // Bun has no web streams over its own sockets; what its users have is Node's adapter.
  const name = contestant === "parley"
    ? "parley"
    : contestant === "web" && runtime === "bun"
    ? "web_node"
    : `${contestant}_${runtime}`;
  const module = await import(`./contestants/${name}.ts`) as { readonly contestant: Contestant };
  return module.contestant;
}

async function run(amount: number): Promise<RunFigures> {
  if (TASKS[order.task].measure === "time") return await runOperations(amount);
  const before = process.cpuUsage();
  const began = performance.now();
  if (order.task === "write") await transmit(requireConnection(), amount);
  else await receive(requireConnection(), amount);
  const wallMs = performance.now() - began;
  return { wallMs, cpuMs: cpuMsSince(before) };
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

async function runOperations(timeMs: number): Promise<RunFigures> {
  let operations = 0;
  const bench = new Bench({ time: timeMs, iterations: 1, warmup: false });
  const operation = order.task === "connect" ? connectOnce : pingOnce();
  bench.add(order.task, async () => {
    operations++;
    await operation();
  });
  const before = process.cpuUsage();
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== "completed") throw result?.state === "errored" ? result.error : new TypeError("Cannot measure");
  return { wallMs: result.latency.p50, cpuMs: cpuMsSince(before) / operations };
}

async function connectOnce(): Promise<void> {
  const open = await contestant.open(order.port, "chunks");
  await open.close();
}

function pingOnce(): () => Promise<void> {
  const open = requireConnection();
  const message = new Uint8Array(PING_BYTES);
  return async () => {
    await open.send(message);
    await open.receive(PING_BYTES);
  };
}

function requireConnection(): BenchConnection {
  if (connection === null) throw new TypeError("Cannot measure: there is no connection");
  return connection;
}

function cpuMsSince(before: { readonly user: number; readonly system: number }): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function say(record: unknown): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
