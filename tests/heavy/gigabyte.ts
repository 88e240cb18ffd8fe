/**
 * Moves a gibibyte each way over a Parley socket and prints the figures: speed, checksums, memory, and what a reader that
 * stops for five seconds does to the sender (NET-03). `deno run -A tests/heavy/gigabyte.ts --help`.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import type { TestRuntime } from "../support/runtimes.ts";
import { type BulkFigures, mib, runBulk, type StageFigures } from "./bulk_run.ts";

const HELP = `Usage: deno run -A tests/heavy/gigabyte.ts [options]

Moves bytes over a Parley socket to a peer in Python and back, with SHA-256 at both ends. In the middle
of each direction the reader stops; the sender must come to a stop and memory must stay flat.

  --megabytes N     MiB each way (1024)
  --warm-up N       MiB each way before memory counts (256)
  --stop-seconds N  how long the reader stops (5)
  --reader KIND     default or byob: how the client reads (byob)
  --runtime NAME    deno, bun or node; may be given again (all three)
  --json            the figures as JSON on standard output; progress goes to standard error
  --help            this text
`;

const RUNTIMES: readonly TestRuntime[] = ["deno", "bun", "node"];

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      megabytes: { type: "string", default: "1024" },
      "warm-up": { type: "string", default: "256" },
      "stop-seconds": { type: "string", default: "5" },
      reader: { type: "string", default: "byob" },
      runtime: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const all: BulkFigures[] = [];
  // One after another: two at once would measure each other.
  for (const runtime of values.runtime ?? RUNTIMES) {
    all.push(
      await runBulk({
        runtime: oneOf(RUNTIMES, runtime, "--runtime"),
        megabytes: positive(values.megabytes, "--megabytes"),
        warmUpMegabytes: positive(values["warm-up"], "--warm-up"),
        stopSeconds: positive(values["stop-seconds"], "--stop-seconds"),
        reader: oneOf(["default", "byob"], values.reader, "--reader"),
        onProgress: (text) => void process.stderr.write(`${text}\n`),
      }),
    );
  }
  process.stdout.write(values.json ? `${JSON.stringify(all, null, 2)}\n` : table(all));
}

function table(all: readonly BulkFigures[]): string {
  const lines = all.flatMap((figures) => [row(figures, "download"), row(figures, "upload")]);
  const head = ["runtime", "direction", "MiB", "MiB/s", "checksums", "memory", "growth", "stopped", "still", "growth"];
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const text = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  ");
  return [head, ...lines].map(text).join("\n") + "\n";
}

function row(figures: BulkFigures, direction: "download" | "upload"): string[] {
  const stage: StageFigures = figures[direction];
  const megabytes = stage.bytes / 1024 / 1024;
  return [
    figures.runtime,
    direction,
    megabytes.toFixed(0),
    (megabytes / (stage.movingMs / 1000)).toFixed(0),
    stage.clientSha256 === stage.peerSha256 ? "equal" : "DIFFERENT",
    `${mib(figures.baselineKib)} MiB`,
    `${mib(stage.growthKib)} MiB`,
    `${(stage.stop.stoppedMs / 1000).toFixed(1)} s`,
    `${(stage.stop.stillMs / 1000).toFixed(1)} s`,
    `${mib(stage.stop.growthKib)} MiB`,
  ];
}

function positive(text: string, name: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new RangeError(`Cannot use ${name}: "${text}" is not a positive number`);
  return number;
}

function oneOf<T extends string>(choices: readonly T[], text: string, name: string): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new RangeError(`Cannot use ${name}: "${text}" is not one of ${choices.join(", ")}`);
  return found;
}
