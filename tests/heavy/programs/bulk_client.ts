/**
 * Moves many bytes over one Parley socket each way, for `bulk_run.ts`, which watches its memory.
 *
 * Argument 1: JSON of {@linkcode BulkPlan}. Writes one JSON record a line on standard output. Before each stage it says
 * `ready` and waits for a line on standard input, so that memory can be looked at while nothing happens.
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { openTCPSocket, type TCPSocket } from "../../../mod.ts";
import { BLOCK_BYTES, firstBlock, numberBlock } from "./bulk_sequence.ts";

/** What to move. */
export interface BulkPlan {
  /** The peer's port on 127.0.0.1. */
  readonly port: number;
  /** Bytes each way before memory counts. */
  readonly warmUpBytes: number;
  /** Bytes each way. */
  readonly bytes: number;
  /** Seconds for which the reader stops in the middle. */
  readonly stopSeconds: number;
  /** How it reads. */
  readonly reader: "default" | "byob";
}

interface Transfer {
  readonly bytes: number;
  readonly stopSeconds: number;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as BulkPlan;
const commands = process.stdin[Symbol.asyncIterator]();
const encoder = new TextEncoder();
let counted = 0;

const warmUp: Transfer = { bytes: plan.warmUpBytes, stopSeconds: 0 };
await ready("warm-up");
await download(warmUp);
await upload(warmUp);
await stage("download", () => download(plan));
await stage("upload", () => upload(plan));
// The peak of the last stage is read before the process ends.
await ready("end");
process.exit(0);

async function stage(name: string, run: () => Promise<string>): Promise<void> {
  await ready(name);
  counted = 0;
  const ticker = setInterval(() => say({ event: "count", bytes: counted }), 100);
  try {
    const sha256 = await run();
    say({ event: "moved", stage: name, bytes: counted, sha256 });
  } finally {
    clearInterval(ticker);
  }
}

async function ready(name: string): Promise<void> {
  say({ event: "ready", stage: name });
  await commands.next();
}

async function download({ bytes, stopSeconds }: Transfer): Promise<string> {
  const socket = await open();
  const writer = socket.writable.getWriter();
  await writer.write(encoder.encode(`send ${bytes}\n`));
  const hash = createHash("sha256");
  let stopped = stopSeconds === 0;
  for await (const chunk of chunksOf(socket)) {
    hash.update(chunk);
    counted += chunk.byteLength;
    if (stopped || counted < bytes / 2) continue;
    stopped = true;
    say({ event: "stopped", bytes: counted });
    // The one pause that the acceptance itself asks for.
    await new Promise((resolve) => setTimeout(resolve, stopSeconds * 1000));
    say({ event: "resumed", bytes: counted });
  }
  await writer.close();
  await socket.closed;
  return hash.digest("hex");
}

async function upload({ bytes, stopSeconds }: Transfer): Promise<string> {
  const socket = await open();
  const writer = socket.writable.getWriter();
  await writer.write(encoder.encode(`receive ${bytes} ${Math.floor(bytes / 2)} ${stopSeconds}\n`));
  const hash = createHash("sha256");
  const block = firstBlock();
  for (let sent = 0, number = 0; sent < bytes; number++) {
    numberBlock(block, number);
    const part = block.subarray(0, Math.min(BLOCK_BYTES, bytes - sent));
    hash.update(part);
    writer.write(part).catch(() => {});
    // `ready` waits until the system has taken the block, so the block can be used again.
    await writer.ready;
    sent += part.byteLength;
    counted += part.byteLength;
  }
  await writer.close();
  const sha256 = hash.digest("hex");
  const answer = new TextDecoder().decode((await socket.readable.getReader().read()).value);
  if (answer !== sha256) throw new TypeError(`The peer received ${answer}, not ${sha256}`);
  await socket[Symbol.asyncDispose]();
  return sha256;
}

async function* chunksOf(socket: TCPSocket): AsyncGenerator<Uint8Array> {
  if (plan.reader === "default") {
    const reader = socket.readable.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
    return;
  }
  const reader = socket.readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(BLOCK_BYTES);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done || value === undefined) return;
    yield value;
    buffer = value.buffer as ArrayBuffer;
  }
}

function open(): Promise<TCPSocket> {
  return openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: plan.port });
}

function say(record: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
