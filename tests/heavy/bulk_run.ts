/**
 * One bulk transfer, measured: a client on some runtime, a peer in Python, and what the kernel says of the client's memory
 * meanwhile (NET-03, NET-04).
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RecordProcess, type TimedRecord } from "../support/record_process.ts";
import { forgetPeak, residentMemory } from "../support/resident_memory.ts";
import { STEADY_MEMORY } from "../support/steady_memory.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";
import type { BulkPlan } from "./programs/bulk_client.ts";

/** What to measure. */
export interface BulkOptions {
  /** The client's runtime. */
  readonly runtime: TestRuntime;
  /** MiB each way. */
  readonly megabytes: number;
  /** MiB each way before memory counts. */
  readonly warmUpMegabytes: number;
  /** Seconds for which the reader stops in the middle. */
  readonly stopSeconds: number;
  /** How the client reads. */
  readonly reader: BulkPlan["reader"];
  /** Told how far it is. */
  readonly onProgress?: (text: string) => void;
}

/** What happened while a reader had stopped. */
export interface StopFigures {
  /** How long it had stopped, in ms. */
  readonly stoppedMs: number;
  /** Bytes the sender got rid of after that: what buffers on the way hold. */
  readonly takenBytes: number;
  /** How long the sender's count had not moved when the reader went on, in ms. */
  readonly stillMs: number;
  /** Growth of the client's resident memory during the stop, in KiB: its peak over what it was when the reader stopped. */
  readonly growthKib: number;
}

/** One direction. */
export interface StageFigures {
  /** Bytes moved. */
  readonly bytes: number;
  /** What the client sent or received. */
  readonly clientSha256: string;
  /** What the peer received or sent. */
  readonly peerSha256: string;
  /** Duration without the stop, in ms. */
  readonly movingMs: number;
  /** Peak of the client's resident memory, over the baseline, in KiB. */
  readonly growthKib: number;
  /** What happened while the reader had stopped. */
  readonly stop: StopFigures;
}

/** Everything measured. */
export interface BulkFigures {
  /** The client's runtime. */
  readonly runtime: TestRuntime;
  /** Peak of the client's resident memory during the warm-up, in KiB. */
  readonly baselineKib: number;
  /** From the peer to the client. */
  readonly download: StageFigures;
  /** From the client to the peer. */
  readonly upload: StageFigures;
}

type StageName = "download" | "upload";

const PYTHON = "/usr/bin/python3";
const PEER = path("./programs/bulk_peer.py");
const CLIENT = path("./programs/bulk_client.ts");
const SAMPLE_MS = 50;
const MIB = 1024 * 1024;

/**
 * Moves the bytes and measures.
 *
 * @param options What.
 * @throws {TypeError} When a process fails.
 */
export async function runBulk(options: BulkOptions): Promise<BulkFigures> {
  await using peer = new RecordProcess([PYTHON, PEER]);
  const { record } = await peer.record({ event: "listening" });
  const plan: BulkPlan = {
    port: Number(record["port"]),
    warmUpBytes: options.warmUpMegabytes * MIB,
    bytes: options.megabytes * MIB,
    stopSeconds: options.stopSeconds,
    reader: options.reader,
  };
  await using client = new RecordProcess(await clientCommand(options.runtime, plan), {
    env: { ...process.env, PARLEY_ALLOW: `127.0.0.1:${plan.port}` },
  });
  const baselineKib = await warmUpPeak(client);
  peer.records.length = 0;
  options.onProgress?.(`${options.runtime}: at most ${mib(baselineKib)} MiB in use during the warm-up`);
  const run = new BulkStages({ client, peer, baselineKib, options });
  const download = await run.measure("download", "upload");
  const upload = await run.measure("upload", "end");
  client.send("end");
  return { runtime: options.runtime, baselineKib, download, upload };
}

/**
 * The peak while some hundred MiB have passed each way: what the runtime needs, with the garbage it leaves lying, however
 * much it moves. Whatever later stages need beyond that grew with the bytes.
 */
async function warmUpPeak(client: RecordProcess): Promise<number> {
  await client.record({ event: "ready", stage: "warm-up" });
  forgetPeak(client.pid);
  client.send("go");
  await client.record({ event: "ready", stage: "download" });
  return residentMemory(client.pid).peakKib;
}

/** KiB as MiB with one digit. */
export function mib(kib: number): string {
  return (kib / 1024).toFixed(1);
}

interface BulkStagesInit {
  readonly client: RecordProcess;
  readonly peer: RecordProcess;
  readonly baselineKib: number;
  readonly options: BulkOptions;
}

interface Sample {
  readonly atMs: number;
  readonly kib: number;
}

class BulkStages {
  readonly #init: BulkStagesInit;

  constructor(init: BulkStagesInit) {
    this.#init = init;
  }

  async measure(name: StageName, next: string): Promise<StageFigures> {
    const { client, peer, baselineKib, options } = this.#init;
    const samples: Sample[] = [];
    const beganMs = performance.now();
    forgetPeak(client.pid);
    const sample = (): void => void samples.push({ atMs: performance.now(), kib: residentMemory(client.pid).nowKib });
    const timer = setInterval(sample, SAMPLE_MS);
    try {
      client.send("go");
      const moved = await client.record({ event: "moved", stage: name });
      await client.record({ event: "ready", stage: next });
      const peerSide = await peer.record({ event: name === "download" ? "sent" : "received" });
      const stop = stopFigures(name, { client, peer, samples, sinceMs: beganMs });
      const figures: StageFigures = {
        bytes: Number(moved.record["bytes"]),
        clientSha256: String(moved.record["sha256"]),
        peerSha256: String(peerSide.record["sha256"]),
        movingMs: moved.atMs - beganMs - stop.stoppedMs,
        growthKib: residentMemory(client.pid).peakKib - baselineKib,
        stop,
      };
      options.onProgress?.(stageText(options.runtime, name, figures));
      return figures;
    } finally {
      clearInterval(timer);
    }
  }
}

function stopFigures(
  name: StageName,
  seen: {
    readonly client: RecordProcess;
    readonly peer: RecordProcess;
    readonly samples: readonly Sample[];
    readonly sinceMs: number;
  },
): StopFigures {
  const [reader, sender] = name === "download" ? [seen.client, seen.peer] : [seen.peer, seen.client];
  const stopped = find(reader, "stopped", seen.sinceMs);
  const resumed = find(reader, "resumed", seen.sinceMs);
  const during = (at: { readonly atMs: number }): boolean => at.atMs >= stopped.atMs && at.atMs <= resumed.atMs;
  const counts = sender.records.filter((at) => at.record["event"] === "count" && during(at));
  const last = Number(counts.at(-1)?.record["bytes"] ?? NaN);
  const still = counts.find(({ record }) => record["bytes"] === last);
  const memory = seen.samples.filter(during).map(({ kib }) => kib);
  return {
    stoppedMs: resumed.atMs - stopped.atMs,
    takenBytes: last - Number(stopped.record["bytes"]),
    stillMs: still === undefined ? 0 : resumed.atMs - still.atMs,
    growthKib: Math.max(...memory) - (memory[0] ?? NaN),
  };
}

function find(process: RecordProcess, event: string, sinceMs: number): TimedRecord {
  const found = process.records.find(({ atMs, record }) => atMs >= sinceMs && record["event"] === event);
  if (found === undefined) throw new TypeError(`Cannot measure: nobody said ${event}`);
  return found;
}

function stageText(runtime: TestRuntime, name: StageName, figures: StageFigures): string {
  const { bytes, movingMs, growthKib, stop } = figures;
  const rate = (bytes / MIB / (movingMs / 1000)).toFixed(0);
  return `${runtime}: ${name} ${bytes / MIB} MiB at ${rate} MiB/s, memory +${mib(growthKib)} MiB; reader stopped ` +
    `${(stop.stoppedMs / 1000).toFixed(1)} s: sender got rid of ${
      mib(stop.takenBytes / 1024)
    } MiB more, then stood still ` +
    `for ${(stop.stillMs / 1000).toFixed(1)} s, memory +${mib(stop.growthKib)} MiB`;
}

async function clientCommand(runtime: TestRuntime, plan: BulkPlan): Promise<string[]> {
  return [await runtimePath(runtime), ...STEADY_MEMORY[runtime], CLIENT, JSON.stringify(plan)];
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
