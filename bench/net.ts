/**
 * Measures Parley's sockets beside the runtime's own calls and the runtime's own web streams, in one run:
 * `deno run -A bench/net.ts`, `bun bench/net.ts`, `node bench/net.ts`; `--help` says more. docs/benchmarks.md explains the
 * figures.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { runIdleRounds } from "./net/idle.ts";
import { type BenchRuntime, RUNTIMES, type TaskName, TASKS } from "./net/plan.ts";
import { outcomeOf, tableOf, type TaskOutcome } from "./net/report.ts";
import { type RoundsOptions, runRounds, startPeer } from "./net/rounds.ts";

const HELP = `Usage: net.ts [options]

Uses sockets over loopback by Parley, by the runtime's own calls ("native") and, where there is one, by another
way ("web": the runtime's own web streams; "node": its node: module), each in a process of its own, round by
round. Prints the median of the rounds' ratios and their quartiles. Absolute times say nothing on a shared machine
and are not printed.

  --runtime NAME    deno, bun or node; may be given again (the one that runs this). Another one is found by
                    PARLEY_TEST_DENO, PARLEY_TEST_BUN, PARLEY_TEST_NODE, or on PATH
  --task NAME       may be given again (all):
${taskLines()}
  --laps N          how often new processes are started (4)
  --rounds N        rounds in a lap (8); idle-connection has one
  --megabytes N     MiB moved in a run of read-byob, read-default, write (256)
  --datagrams N     datagrams in a run of udp-send, udp-write, udp-receive, udp-read (32768)
  --connections N   connections in a run of accept (2000)
  --idle N          connections of idle-connection (5000)
  --time-ms N       milliseconds of a run of ping-pong, connect, udp-echo, start-tls (250)
  --quick           one lap of 3 short rounds: shows that everything runs, and no more
  --json            ratios as JSON on standard output; progress goes to standard error
  --help            this text
`;

/** What a run does, at full length and at `--quick`. */
const AMOUNTS = { laps: 4, rounds: 8, megabytes: 256, datagrams: 32_768, connections: 2000, idle: 5000, timeMs: 250 };
const QUICK = { laps: 1, rounds: 3, megabytes: 32, datagrams: 4096, connections: 200, idle: 500, timeMs: 50 };

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runtime: { type: "string", multiple: true },
      task: { type: "string", multiple: true },
      laps: { type: "string" },
      rounds: { type: "string" },
      megabytes: { type: "string" },
      datagrams: { type: "string" },
      connections: { type: "string" },
      idle: { type: "string" },
      "time-ms": { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const defaults = values.quick ? QUICK : AMOUNTS;
  const amounts = {
    laps: positive(values.laps ?? defaults.laps, "--laps"),
    rounds: positive(values.rounds ?? defaults.rounds, "--rounds"),
    megabytes: positive(values.megabytes ?? defaults.megabytes, "--megabytes"),
    datagrams: positive(values.datagrams ?? defaults.datagrams, "--datagrams"),
    connections: positive(values.connections ?? defaults.connections, "--connections"),
    idle: positive(values.idle ?? defaults.idle, "--idle"),
    timeMs: positive(values["time-ms"] ?? defaults.timeMs, "--time-ms"),
  };
  const runtimes = (values.runtime ?? [currentRuntime()]).map((name) => oneOf(RUNTIMES, name, "--runtime"));
  const all = Object.keys(TASKS) as TaskName[];
  const tasks = (values.task ?? all).map((name) => oneOf(all, name, "--task"));
  const plan = runtimes.flatMap((runtime) =>
    tasks.map((task) => ({ ...amounts, runtime, task, program: programOf(runtime) }))
  );
  const outcomes = await measure(plan);
  process.stdout.write(values.json ? `${JSON.stringify(outcomes, null, 2)}\n` : tableOf(outcomes));
}

async function measure(plan: readonly RoundsOptions[]): Promise<TaskOutcome[]> {
  const tls = plan.some(({ task }) => TASKS[task].activity === "start-tls");
  const { process: far, peer } = await startPeer({ tls });
  await using _ = far;
  const outcomes: TaskOutcome[] = [];
  // One after another: two at once would measure each other.
  for (const [index, options] of plan.entries()) {
    const { runtime, task } = options;
    process.stderr.write(`${index + 1}/${plan.length} ${runtime} ${task}: ${TASKS[task].title}\n`);
    const idle = TASKS[task].activity === "idle";
    const { version, rounds } = idle ? await runIdleRounds(options) : await runRounds(options, peer);
    outcomes.push(outcomeOf({ runtime, version, task }, rounds));
  }
  return outcomes;
}

function taskLines(): string {
  const names = Object.keys(TASKS) as TaskName[];
  return names.map((name) => `                      ${name.padEnd(16)} ${TASKS[name].title}`).join("\n");
}

function currentRuntime(): BenchRuntime {
  return "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
}

function programOf(runtime: BenchRuntime): string {
  if (runtime === currentRuntime()) return process.execPath;
  return process.env[`PARLEY_TEST_${runtime.toUpperCase()}`] || runtime;
}

function positive(value: string | number, name: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw new RangeError(`Cannot use ${name}: "${value}" is not a positive whole number`);
  }
  return number;
}

function oneOf<T extends string>(choices: readonly T[], text: string, name: string): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new RangeError(`Cannot use ${name}: "${text}" is not one of ${choices.join(", ")}`);
  return found;
}
