/** What became of a piece of work, as a record that the suite can read. */

/** How a piece of work ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | {
    readonly ok: false;
    /** The error's name. */
    readonly name: string;
    /** Its message, as the script sees it. */
    readonly message: string;
    /** The stable code in its cause, or null. */
    readonly code: string | null;
  };

/** Runs work and tells how it ended. Looks at own properties only: the suite pollutes `Object.prototype`. */
export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const { name, message } = error as Error;
    const cause = Object.hasOwn(error as object, "cause") ? (error as Error).cause : null;
    const code = cause instanceof Error && Object.hasOwn(cause, "code") ? (cause as { code?: unknown }).code : null;
    return { ok: false, name, message, code: typeof code === "string" ? code : null };
  }
}

/** Runs work and prints how it ended, one JSON record, on standard output. */
export async function printOutcome(work: () => Promise<unknown>): Promise<void> {
  console.log(JSON.stringify(await outcomeOf(work)));
}
