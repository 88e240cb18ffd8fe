/** Lines for the operator that others can cause: so many a minute, and a count of the rest. */
import type { Clock } from "../core/clock.ts";

const WINDOW_MS = 60_000;

/** How lines are limited. */
export interface LimitedReportOptions {
  /** Time. */
  readonly clock: Clock;
  /** Most lines in a minute. */
  readonly perMinute: number;
  /** The line that says how many were left out. */
  leftOut(count: number): string;
}

/**
 * Limits how often a line is told. What is left out is counted, and the count told before the next line, or when the minute
 * is over.
 *
 * @param report Tells the operator a line.
 * @param options How many, and how the rest is named.
 */
export function limitedReport(report: (line: string) => void, options: LimitedReportOptions): (line: string) => void {
  const { clock, perMinute, leftOut } = options;
  let told = 0;
  let missed = 0;
  let watching = false;
  const begin = (): void => {
    watching = true;
    clock.after(WINDOW_MS, () => {
      watching = false;
      if (missed > 0) report(leftOut(missed));
      told = 0;
      missed = 0;
    }, { keepAlive: false });
  };
  return (line) => {
    if (!watching) begin();
    if (told >= perMinute) {
      missed++;
      return;
    }
    told++;
    report(line);
  };
}
