/** Counts refused questions, so that a program cannot wear the operator down by asking again and again (CON-10). */

/** The same question is asked at most this often after a refusal. */
const MAX_SAME = 2;
/** After this many refusals in a row, whatever was asked, the requester is not asked about again in this run. */
const MAX_IN_A_ROW = 5;
/** Distinct questions remembered; past it every new question counts as dismissed. */
const MAX_KEYS = 1_000;

/** How often questions were dismissed in this run. */
export class Dismissals {
  readonly #byKey = new Map<string, number>();
  readonly #inARow = new Map<string, number>();

  /** Notes that a question was dismissed. Rows are those of a program, whatever its libraries are called. */
  dismissed(program: string, key: string): void {
    if (this.#byKey.size < MAX_KEYS || this.#byKey.has(key)) this.#byKey.set(key, (this.#byKey.get(key) ?? 0) + 1);
    this.#inARow.set(program, (this.#inARow.get(program) ?? 0) + 1);
  }

  /** Notes that a question was approved, which ends the row. */
  approved(program: string, key: string): void {
    this.#byKey.delete(key);
    this.#inARow.delete(program);
  }

  /** Whether the question may not be put again. */
  blocks(program: string, key: string): boolean {
    if (this.#byKey.size >= MAX_KEYS && !this.#byKey.has(key)) return true;
    return (this.#byKey.get(key) ?? 0) >= MAX_SAME || (this.#inARow.get(program) ?? 0) >= MAX_IN_A_ROW;
  }
}
