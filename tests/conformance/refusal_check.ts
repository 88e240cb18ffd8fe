/**
 * What has to fail with a `TypeError`: thrown by what is synchronous, and a rejection from what gives a promise, which never
 * throws. https://webidl.spec.whatwg.org/#js-operations
 */
import type { IdlType } from "./idl_model.ts";

/** Something that has to fail. */
export interface Attempt {
  /** What is tried, for the sentence: `Socket.prototype.close called on undefined`. */
  readonly what: string;
  /** Tries it. */
  run(): unknown;
}

/** Something has to throw a `TypeError`. */
export function throwDifferences({ what, run }: Attempt): string[] {
  try {
    const value = run();
    // A promise nobody waits for must not come back as an unhandled rejection.
    if (value instanceof Promise) value.catch(() => {});
  } catch (error) {
    return error instanceof TypeError ? [] : [`${what} throws ${nameOf(error)}, not TypeError`];
  }
  return [`${what} does not throw`];
}

/** Something has to reject with a `TypeError`, and must not throw. */
export async function rejectionDifferences({ what, run }: Attempt): Promise<string[]> {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    return [`${what} throws ${nameOf(error)} instead of rejecting`];
  }
  if (!(value instanceof Promise)) return [`${what} gives no promise`];
  return await value.then(
    () => [`${what} does not reject`],
    (error) => error instanceof TypeError ? [] : [`${what} rejects with ${nameOf(error)}, not TypeError`],
  );
}

/** One or the other, by the type of what it gives. */
export async function failureDifferences(attempt: Attempt, type: IdlType): Promise<string[]> {
  return type.name === "Promise" ? await rejectionDifferences(attempt) : throwDifferences(attempt);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
