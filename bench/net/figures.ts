/** From what single runs took to ratios: the only thing a noisy machine can tell. */
import type { ContestantName, RunFigures, Task } from "./plan.ts";

/** One round: every contestant of a task once, one right after the other. */
export type Round = Readonly<Partial<Record<ContestantName, RunFigures>>>;

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
  /** For a rate, how many times as fast; for a time, how many times as long; for memory, how many times as much. */
  readonly ratio: Spread;
  /** How many times as much processor time; null where that says nothing. */
  readonly cpu: Spread | null;
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
 * @throws {RangeError} Without rounds, or when one of the two did not take part.
 */
export function compare(
  task: Pick<Task, "measure">,
  rounds: readonly Round[],
  pair: { readonly judged: ContestantName; readonly against: ContestantName },
): Comparison {
  const ratios = rounds.map((round) => {
    const judged = figuresOf(round, pair.judged);
    const against = figuresOf(round, pair.against);
    const more = judged.cost / against.cost;
    const cpu = judged.cpuMs === null || against.cpuMs === null ? null : judged.cpuMs / against.cpuMs;
    return { ratio: task.measure === "rate" ? 1 / more : more, cpu };
  });
  const cpu = ratios.flatMap(({ cpu }) => cpu === null ? [] : [cpu]);
  return { ratio: spreadOf(ratios.map(({ ratio }) => ratio)), cpu: cpu.length === 0 ? null : spreadOf(cpu) };
}

/**
 * What one contestant's runs cost.
 *
 * @param rounds At least one.
 * @param name Who.
 * @throws {RangeError} Without rounds, or when it did not take part.
 */
export function costOf(rounds: readonly Round[], name: ContestantName): Spread {
  return spreadOf(rounds.map((round) => figuresOf(round, name).cost));
}

function figuresOf(round: Round, name: ContestantName): RunFigures {
  const figures = round[name];
  if (figures === undefined) throw new RangeError(`Cannot compare: ${name} did not take part`);
  return figures;
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}
