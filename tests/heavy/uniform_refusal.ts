/**
 * Compares what a program is told of destinations that are open, closed, filtered, private and so on: names, messages, and the
 * distributions of times (NET-17). `deno run -A tests/heavy/uniform_refusal.ts --help`.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { RUNTIMES } from "../support/each_runtime.ts";
import { netnsMissing } from "../support/netns.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { type KindFigures, type Phase, type PhaseFigures, RefusalLab } from "./uniform_refusal_run.ts";

const HELP = `Usage: deno run -A tests/heavy/uniform_refusal.ts [options]

Asks for connections on a real system, in a network namespace (needs root), and compares what a
program is told of them and when. D is the distance of a kind's times from those of another kind of
its phase (Kolmogorov and Smirnov, 0 to 1): the smallest, and the largest with the kind it is from.
Chance alone exceeds the figure beside it once in a thousand times.

  unapproved          nothing was approved and nobody is there to be asked: refused before a lookup
  unapproved-by-rule  the same where the policy lets nobody be asked: a rule decides in every case
  found-out           approved names about which something is found out: told 5 s after the approval
  found-out-443       the same at port 443, where hosts are asked whether fetch() reaches them
  useful              approved names that lead to public addresses: failures are told as they are

  --tries N       attempts of each kind without approval (10000)
  --late-tries N  attempts of each approved kind, at once (100)
  --runtime NAME  deno, bun or node; may be given again (all three)
  --json          the figures as JSON on standard output; progress goes to standard error
  --help          this text
`;

const PHASES: readonly Phase[] = ["unapproved", "unapproved-by-rule", "found-out", "found-out-443", "useful"];

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "tries": { type: "string", default: "10000" },
      "late-tries": { type: "string", default: "100" },
      "runtime": { type: "string", multiple: true },
      "json": { type: "boolean", default: false },
      "help": { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const missing = await netnsMissing();
  if (missing !== null) return fail(missing);
  const options = { tries: count(values.tries, "--tries"), lateTries: count(values["late-tries"], "--late-tries") };
  const runtimes = (values.runtime ?? RUNTIMES).map(runtimeOf);
  await using lab = await RefusalLab.create();
  const all: PhaseFigures[] = [];
  // One after another: two at once would measure each other.
  for (const runtime of runtimes) {
    for (const phase of PHASES) {
      process.stderr.write(`${runtime}: ${phase} ...\n`);
      const figures = await lab.compare(runtime, phase, options);
      all.push(figures);
      if (!values.json) process.stdout.write(`${table(figures)}\n`);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
}

function table({ runtime, phase, kinds }: PhaseFigures): string {
  const head = ["kind", "tries", "min ms", "median", "p95", "p99", "max", "D", "up to", "chance", "from"];
  const rows = [head, ...kinds.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))
      .join("  ")
  );
  const told = kinds.flatMap(({ kind, told }) => Object.entries(told).map(([text, times]) => ({ kind, text, times })));
  const texts = Map.groupBy(told, ({ text }) => text);
  const said = [...texts].map(([text, from]) =>
    `  ${text}\n    ${from.map(({ kind, times }) => `${kind} × ${times}`).join(", ")}`
  );
  return `${runtime}, ${phase}\n${lines.map((line) => `  ${line}`).join("\n")}\n\n${said.join("\n")}\n`;
}

function row({ kind, tries, times, distances, chance }: KindFigures): string[] {
  const { min, median, p95, p99, max } = times;
  const ms = [min, median, p95, p99, max].map((each) => each.toFixed(3));
  const [farthest, nearest] = [distances[0], distances.at(-1)];
  const far = [nearest?.distance ?? NaN, farthest?.distance ?? NaN, chance].map((each) => each.toFixed(3));
  return [kind, String(tries), ...ms, ...far, farthest?.from ?? ""];
}

function count(text: string, flag: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : fail(`${flag} takes a whole number above 0`);
}

function runtimeOf(name: string): TestRuntime {
  return RUNTIMES.find((known) => known === name) ?? fail(`--runtime takes one of ${RUNTIMES.join(", ")}`);
}

function fail(problem: string): never {
  process.stderr.write(`uniform_refusal: ${problem}\n`);
  process.exit(64);
}
