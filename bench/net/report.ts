/** The figures as a table for people, and as JSON. */
import { compare, type Comparison, costOf, type Round, type Spread } from "./figures.ts";
import { type BenchRuntime, type ContestantName, type Task, type TaskName, TASKS } from "./plan.ts";

/** What one task came to on one runtime. */
export interface TaskOutcome {
  /** The runtime. */
  readonly runtime: BenchRuntime;
  /** Its version. */
  readonly version: string;
  /** The task. */
  readonly task: TaskName;
  /** Number of rounds. */
  readonly rounds: number;
  /** Parley beside the runtime's own calls. */
  readonly native: Comparison;
  /** Parley beside the runtime's own web streams, or its `node:` modules; null where neither takes part. */
  readonly other: Comparison & { readonly name: ContestantName } | null;
  /** For memory, the KiB themselves, which a busy machine does not change; else null. */
  readonly kib: { readonly native: Spread; readonly parley: Spread } | null;
  /** The aims, and whether the medians reach them. */
  readonly aims: readonly { readonly against: ContestantName; readonly limit: number; readonly reached: boolean }[];
}

/** Judges the rounds of a task. */
export function outcomeOf(
  about: { readonly runtime: BenchRuntime; readonly version: string; readonly task: TaskName },
  rounds: readonly Round[],
): TaskOutcome {
  const task = TASKS[about.task];
  const beside = (against: ContestantName): Comparison => compare(task, rounds, { judged: "parley", against });
  const name = task.other(about.runtime);
  const aims = task.aims(about.runtime).map(({ against, limit }) => {
    const { median } = beside(against).ratio;
    return { against, limit, reached: task.measure === "rate" ? median >= limit : median <= limit };
  });
  return {
    ...about,
    rounds: rounds.length,
    native: beside("native"),
    other: name === null ? null : { name, ...beside(name) },
    kib: task.measure === "memory" ? { native: costOf(rounds, "native"), parley: costOf(rounds, "parley") } : null,
    aims,
  };
}

const MEASURES: Readonly<Record<Task["measure"], string>> = { rate: "speed", time: "duration", memory: "memory" };

/** A table in Markdown. */
export function tableOf(outcomes: readonly TaskOutcome[]): string {
  const head = ["runtime", "task", "Parley's", "to native", "to the other", "processor time to native", "aim"];
  const rows = outcomes.map((outcome) => [
    `${outcome.runtime} ${outcome.version}`,
    outcome.task,
    measureText(outcome),
    spreadText(outcome.native.ratio),
    outcome.other === null ? "" : `${outcome.other.name} ${spreadText(outcome.other.ratio)}`,
    outcome.native.cpu === null ? "" : spreadText(outcome.native.cpu),
    aimText(outcome),
  ]);
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function measureText({ task, kib }: TaskOutcome): string {
  const measure = MEASURES[TASKS[task].measure];
  if (kib === null) return measure;
  return `${measure}: ${kib.parley.median.toFixed(1)} KiB, native ${kib.native.median.toFixed(1)} KiB`;
}

function spreadText({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function aimText({ task, aims }: TaskOutcome): string {
  const sign = TASKS[task].measure === "rate" ? "≥" : "≤";
  const texts = aims.map(({ against, limit, reached }) => `${sign} ${limit} ${against}: ${reached ? "yes" : "NO"}`);
  return texts.join(", ") || "none";
}
