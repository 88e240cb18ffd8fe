/** The figures as a table for people, and as JSON. */
import { compare, type Comparison, type Round, type Spread } from "./figures.ts";
import { type BenchRuntime, type ContestantName, type TaskName, TASKS } from "./plan.ts";

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
  /** Parley beside the runtime's own web streams. */
  readonly web: Comparison;
  /** The aims, and whether the medians reach them. */
  readonly aims: readonly { readonly against: ContestantName; readonly limit: number; readonly reached: boolean }[];
}

/** Judges the rounds of a task. */
export function outcomeOf(
  about: { readonly runtime: BenchRuntime; readonly version: string; readonly task: TaskName },
  rounds: readonly Round[],
): TaskOutcome {
  const task = TASKS[about.task];
  const comparisons = {
    native: compare(task, rounds, { judged: "parley", against: "native" }),
    web: compare(task, rounds, { judged: "parley", against: "web" }),
    parley: compare(task, rounds, { judged: "parley", against: "parley" }),
  };
  const aims = task.aims(about.runtime).map(({ against, limit }) => {
    const { median } = comparisons[against].wall;
    return { against, limit, reached: task.measure === "rate" ? median >= limit : median <= limit };
  });
  return { ...about, rounds: rounds.length, native: comparisons.native, web: comparisons.web, aims };
}

/** A table in Markdown. */
export function tableOf(outcomes: readonly TaskOutcome[]): string {
  const head = ["runtime", "task", "Parley's", "to native", "to web streams", "processor time to native", "aim"];
  const rows = outcomes.map((outcome) => [
    `${outcome.runtime} ${outcome.version}`,
    outcome.task,
    TASKS[outcome.task].measure === "rate" ? "speed" : "duration",
    spreadText(outcome.native.wall),
    spreadText(outcome.web.wall),
    spreadText(outcome.native.cpu),
    aimText(outcome),
  ]);
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function spreadText({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function aimText({ task, aims }: TaskOutcome): string {
  const sign = TASKS[task].measure === "rate" ? "≥" : "≤";
  const texts = aims.map(({ against, limit, reached }) => `${sign} ${limit} ${against}: ${reached ? "yes" : "NO"}`);
  return texts.join(", ") || "none";
}
