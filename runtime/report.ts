/** Lines for the operator, on standard error, through the one `console` that every runtime has. */

const { error } = console;

/** Writes one line to standard error. Never throws: a closed standard error must not end a program. */
export function reportLine(line: string): void {
  try {
    error.call(console, "%s", line);
  } catch {
    // Nobody is there to be told.
  }
}
