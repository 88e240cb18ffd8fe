/** Figures of times: quantiles, and how far two distributions are apart. */

/** Quantiles of times, in milliseconds. */
export interface Quantiles {
  /** The shortest. */
  readonly min: number;
  /** Half were shorter. */
  readonly median: number;
  /** 95 of 100 were shorter. */
  readonly p95: number;
  /** 99 of 100 were shorter. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** Quantiles of times. */
export function quantilesOf(times: readonly number[]): Quantiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
  return { min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN };
}

/** The largest difference between two distributions, 0 to 1 (Kolmogorov and Smirnov). */
export function distanceOf(one: readonly number[], other: readonly number[]): number {
  const a = one.toSorted((x, y) => x - y);
  const b = other.toSorted((x, y) => x - y);
  let largest = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const value = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && (a[i] as number) <= value) i++;
    while (j < b.length && (b[j] as number) <= value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** The distance that two samples of one distribution exceed once in a thousand times. */
export function chanceDistance(sizeOfOne: number, sizeOfOther: number): number {
  return Math.sqrt(-Math.log(0.001 / 2) / 2) * Math.sqrt((sizeOfOne + sizeOfOther) / (sizeOfOne * sizeOfOther));
}
