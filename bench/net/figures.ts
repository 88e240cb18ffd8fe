/** From what single runs took to ratios: the only thing a noisy machine can tell. */
import type { ContestantName, RunFigures, Task } from "./plan.ts";

/** One round: every contestant once, one right after the other. */
export type Round = Readonly<Record<ContestantName, RunFigures>>;

/** The middle of many values, and how far they spread. */
export interface Spread {
  /** The median. */
  readonly median: number;
  /** A quarter of the values is at most this. */
  readonly low: number;
  /** A quarter of the values is at least this. */
  readonly high: number;
}

/** One contestant beside another, round by round. */
export interface Comparison {
  /** For a rate, how many times as fast; for a time, how many times as long. */
  readonly wall: Spread;
  /** How many times as much processor time. */
  readonly cpu: Spread;
}

/**
 * Summarises values.
 *
 * @param values At least one.
 * @throws {RangeError} Without values.
 */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("Cannot summarise: there are no values");
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/**
 * Compares two contestants within each round, so that what slows the machine for a while slows both.
 *
 * @param task Says whether more or less is better.
 * @param rounds At least one.
 * @param pair Who is judged, and against whom.
 */
export function compare(
  task: Task,
  rounds: readonly Round[],
  pair: { readonly judged: ContestantName; readonly against: ContestantName },
): Comparison {
  const ratios = rounds.map((round) => {
    const judged = round[pair.judged];
    const against = round[pair.against];
    const longer = judged.wallMs / against.wallMs;
    return { wall: task.measure === "rate" ? 1 / longer : longer, cpu: judged.cpuMs / against.cpuMs };
  });
  return { wall: spreadOf(ratios.map(({ wall }) => wall)), cpu: spreadOf(ratios.map(({ cpu }) => cpu)) };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}
