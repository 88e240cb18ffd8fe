/** Which known key somebody may have meant by an unknown one. */

const MAX_LENGTH = 32;

/**
 * Finds the known key that is nearest to what was written.
 *
 * @param written What was written.
 * @param known The keys that there are.
 * @returns The nearest by single edits, case aside; null when none differs by two at most, and by less than half of it.
 */
export function nearestKey(written: string, known: readonly string[]): string | null {
  if (written.length > MAX_LENGTH) return null;
  const lower = written.toLowerCase();
  let nearest: string | null = null;
  let least = Math.min(2, Math.ceil(written.length / 2) - 1) + 1;
  for (const key of known) {
    const distance = edits(lower, key.toLowerCase());
    if (distance < least) [nearest, least] = [key, distance];
  }
  return nearest;
}

/** Insertions, deletions, replacements and swaps of neighbours that make one text of the other. */
function edits(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const least = Math.min(
        (last[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      line.push(swapped ? Math.min(least, (before[column - 2] ?? 0) + 1) : least);
    }
    [before, last] = [last, line];
  }
  return last[to.length] ?? 0;
}
