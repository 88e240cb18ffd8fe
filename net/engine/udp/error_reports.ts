/** What goes wrong with datagrams and ends nothing: counted, and handed to whoever wants to know (DS-48). */
import type { ParleyError } from "../../../core/errors.ts";

/** Counts errors and passes them on. */
export class ErrorReports {
  readonly #onError: (error: ParleyError) => void;
  #count = 0;

  /** @param onError Told of each. */
  constructor(onError: (error: ParleyError) => void) {
    this.#onError = onError;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** Notes an error. */
  report(error: ParleyError): void {
    this.#count++;
    this.#onError(error);
  }
}
