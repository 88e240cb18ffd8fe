/**
 * Runs a task's contestants side by side: each in a process of its own, one after another within a round, each round
 * beginning with another one, and new processes for each lap, because no two processes are equally fast.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { testPki } from "../../tests/support/test_pki.ts";
import type { Round } from "./figures.ts";
import { LineProcess } from "./line_process.ts";
import {
  type BenchRuntime,
  type ClientOrder,
  type ContestantName,
  contestantsOf,
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
  /** MiB moved in a run of a rate over bytes. */
  readonly megabytes: number;
  /** Datagrams in a run of a rate over datagrams. */
  readonly datagrams: number;
  /** Connections in a run of a rate over those. */
  readonly connections: number;
  /** Connections that lie idle. */
  readonly idle: number;
  /** Milliseconds of a run of a time. */
  readonly timeMs: number;
}

/** The far end of all connections. */
export interface Peer {
  /** Port that takes commands. */
  readonly commandPort: number;
  /** Port that only accepts. */
  readonly connectPort: number;
  /** Port that takes datagrams. */
  readonly datagramPort: number;
  /** Port that speaks TLS; 0 where that was not wanted. */
  readonly tlsPort: number;
  /** PEM certificate of the authority that signed its own; empty without TLS. */
  readonly ca: string;
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
 * @param options Whether it is to speak TLS, which needs `openssl`.
 * @returns The process, to be disposed of, and where it is.
 * @throws {TypeError} When it cannot start.
 */
export async function startPeer(
  { tls }: { readonly tls: boolean },
): Promise<{ readonly process: LineProcess; readonly peer: Peer }> {
  const directory = await mkdtemp(join(tmpdir(), "parley-bench-"));
  try {
    const identity = join(directory, "server.pem");
    if (tls) await writeFile(identity, testPki().server.key + testPki().server.cert, { mode: 0o600 });
    const running = new LineProcess([PYTHON, path("./peer.py"), ...(tls ? [identity] : [])], process.env);
    const answer = await running.answer();
    const port = (name: string): number => Number(answer[name]);
    const ports = { commandPort: port("commandPort"), connectPort: port("connectPort"), tlsPort: port("tlsPort") };
    return {
      process: running,
      peer: { ...ports, datagramPort: port("datagramPort"), ca: tls ? testPki().ca : "" },
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * Runs all laps of a task.
 *
 * @param options What and how often.
 * @param peer The far end.
 * @throws {TypeError} When a process fails.
 */
export async function runRounds(options: RoundsOptions, peer: Peer): Promise<RoundsResult> {
  const rounds: Round[] = [];
  let version = "";
  for (let lap = 0; lap < options.laps; lap++) {
    await using clients = await startClients(options, peer);
    version = clients.version;
    const amount = amountOf(options);
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

function amountOf({ task, megabytes, datagrams, connections, timeMs }: RoundsOptions): number {
  const { measure, activity } = TASKS[task];
  if (measure === "time") return timeMs;
  return activity === "bytes" ? megabytes * MIB : activity === "datagrams" ? datagrams : connections;
}

function portOf(task: TaskName, peer: Peer): number {
  const { activity } = TASKS[task];
  if (activity === "datagrams") return peer.datagramPort;
  if (activity === "start-tls") return peer.tlsPort;
  return task === "connect" ? peer.connectPort : peer.commandPort;
}

async function startClients(options: RoundsOptions, peer: Peer): Promise<Clients> {
  await using stack = new AsyncDisposableStack();
  const byName = new Map<ContestantName, LineProcess>();
  let version = "";
  const { runtime, task } = options;
  const port = portOf(task, peer);
  for (const contestant of contestantsOf(task, runtime)) {
    const order: ClientOrder = { runtime, contestant, task, port, ca: peer.ca };
    const client = stack.use(new LineProcess(command(options, order), environment(port)));
    byName.set(contestant, client);
    version = String((await client.answer())["version"]);
  }
  const running = stack.move();
  return { version, byName, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function runRound(clients: Clients, amount: number, first: number): Promise<Round> {
  const round: Partial<Record<ContestantName, RunFigures>> = {};
  const names = [...clients.byName.keys()];
  for (let turn = 0; turn < names.length; turn++) {
    const name = names[(first + turn) % names.length]!;
    const { cost, cpuMs } = await clients.byName.get(name)!.ask(String(amount));
    round[name] = { cost: Number(cost), cpuMs: Number(cpuMs) };
  }
  return round;
}

function command({ runtime, program }: RoundsOptions, order: ClientOrder): string[] {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check", "--cached-only"] : [];
  return [program, ...flags, path("./client.ts"), JSON.stringify(order)];
}

/** The approval of what Parley does; a preloaded module or inspector of the caller must not slow one contestant. */
function environment(port: number): Record<string, string | undefined> {
  const allowed = [`127.0.0.1:${port}`, `udp://127.0.0.1:${port}`, "listen://127.0.0.1:0"];
  const env: Record<string, string | undefined> = { ...process.env, PARLEY_ALLOW: allowed.join(",") };
  delete env["NODE_OPTIONS"];
  return env;
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
