/**
 * Runs a task's contestants side by side: each in a process of its own, one after another within a round, each round
 * beginning with another one, and new processes for each lap, because no two processes are equally fast.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Round } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import {
  type BenchRuntime,
  type ClientOrder,
  type ContestantName,
  CONTESTANTS,
  type RunFigures,
  type TaskName,
  TASKS,
} from "./plan.ts";

/** What to run. */
export interface RoundsOptions {
  /** On which runtime. */
  readonly runtime: BenchRuntime;
  /** The runtime's binary. */
  readonly program: string;
  /** Which task. */
  readonly task: TaskName;
  /** How often new processes are started. */
  readonly laps: number;
  /** Rounds in a lap. */
  readonly rounds: number;
  /** MiB moved in a run of a rate. */
  readonly megabytes: number;
  /** Milliseconds of a run of a time. */
  readonly timeMs: number;
}

/** Where the peer listens. */
export interface PeerPorts {
  /** Port that takes commands. */
  readonly commandPort: number;
  /** Port that only accepts. */
  readonly connectPort: number;
}

/** What came out. */
export interface RoundsResult {
  /** Version of the runtime, as its processes say. */
  readonly version: string;
  /** Every round. */
  readonly rounds: readonly Round[];
}

const PYTHON = "/usr/bin/python3";
const MIB = 1024 * 1024;

/**
 * Starts the far end of all connections.
 *
 * @returns The process, to be disposed of, and its ports.
 * @throws {TypeError} When it cannot start.
 */
export async function startPeer(): Promise<{ readonly peer: LineProcess; readonly ports: PeerPorts }> {
  const peer = new LineProcess([PYTHON, path("./peer.py")], process.env);
  const { commandPort, connectPort } = await peer.answer();
  return { peer, ports: { commandPort: Number(commandPort), connectPort: Number(connectPort) } };
}

/**
 * Runs all laps of a task.
 *
 * @param options What and how often.
 * @param ports The peer.
 * @throws {TypeError} When a process fails.
 */
export async function runRounds(options: RoundsOptions, ports: PeerPorts): Promise<RoundsResult> {
  const rounds: Round[] = [];
  let version = "";
  for (let lap = 0; lap < options.laps; lap++) {
    await using clients = await startClients(options, ports);
    version = clients.version;
    const amount = TASKS[options.task].measure === "rate" ? options.megabytes * MIB : options.timeMs;
    // The first round warms up and does not count.
    await runRound(clients, amount, lap);
    for (let round = 0; round < options.rounds; round++) rounds.push(await runRound(clients, amount, lap + round));
  }
  return { version, rounds };
}

interface Clients extends AsyncDisposable {
  readonly version: string;
  readonly byName: ReadonlyMap<ContestantName, LineProcess>;
}

async function startClients(options: RoundsOptions, ports: PeerPorts): Promise<Clients> {
  await using stack = new AsyncDisposableStack();
  const byName = new Map<ContestantName, LineProcess>();
  let version = "";
  for (const contestant of CONTESTANTS) {
    const port = options.task === "connect" ? ports.connectPort : ports.commandPort;
    const order: ClientOrder = { runtime: options.runtime, contestant, task: options.task, port };
    const client = stack.use(new LineProcess(command(options, order), environment(port)));
    byName.set(contestant, client);
    version = String((await client.answer())["version"]);
  }
  const running = stack.move();
  return { version, byName, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function runRound(clients: Clients, amount: number, first: number): Promise<Round> {
  const round: Partial<Record<ContestantName, RunFigures>> = {};
  for (let turn = 0; turn < CONTESTANTS.length; turn++) {
    const name = CONTESTANTS[(first + turn) % CONTESTANTS.length]!;
    const { wallMs, cpuMs } = await clients.byName.get(name)!.ask(String(amount));
    round[name] = { wallMs: Number(wallMs), cpuMs: Number(cpuMs) };
  }
  return round as Round;
}

function command({ runtime, program }: RoundsOptions, order: ClientOrder): string[] {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check", "--cached-only"] : [];
  return [program, ...flags, path("./client.ts"), JSON.stringify(order)];
}

/** The approval of Parley's connections; a preloaded module or inspector of the caller must not slow one contestant. */
function environment(port: number): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env, PARLEY_ALLOW: `127.0.0.1:${port}` };
  delete env["NODE_OPTIONS"];
  return env;
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
