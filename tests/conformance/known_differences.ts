/**
 * Differences from the definitions that nobody wants, until they are mended: a test fails when one of them is gone, too,
 * and its line here goes with it.
 */

/** Differences by what they were found on. */
export const KNOWN_DIFFERENCES: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>();

/** The differences that are known of one thing. */
export function knownDifferences(of: string): readonly string[] {
  return KNOWN_DIFFERENCES.get(of) ?? [];
}
