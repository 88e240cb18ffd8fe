/** Counts what event handlers receive, for whoever waits for a number of bytes. */
import { requireExactly } from "../contestant.ts";

/** A count of received bytes, with one waiter. */
export class Expectation {
  #received = 0;
  #expected = 0;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;

  /** Waits for this many bytes. */
  expect(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#expected = count;
      this.#settle = { resolve, reject };
      this.add(0);
    });
  }

  /** Bytes came. */
  add(count: number): void {
    this.#received += count;
    if (this.#settle === null || this.#received < this.#expected) return;
    const { resolve, reject } = this.#settle;
    const received = this.#received;
    this.#received = 0;
    this.#settle = null;
    try {
      requireExactly(received, this.#expected);
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  /** Nothing more will come. */
  fail(error: unknown): void {
    this.#settle?.reject(error);
  }
}
