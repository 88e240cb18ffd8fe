/** A row of docs/conformance.md: one thing that a specification asks for. */
import type { TestRuntime } from "../../support/runtimes.ts";

/** What a row may say besides its title. At most one of them. */
export interface RowFacts {
  /**
   * Why the behaviour differs from the text, on purpose: everywhere, or on the runtimes that are named. A test whose title
   * has the word "deviates" shows it there.
   */
  readonly deviates?: string | Readonly<Partial<Record<TestRuntime, string>>>;
  /** What it comes with. Nothing shows it yet. */
  readonly planned?: string;
  /** The suite that shows it, for what the tests of `deno task test` cannot. */
  readonly elsewhere?: string;
  /** Why there is nothing to show. */
  readonly inapplicable?: string;
}

/** One thing that a specification asks for. */
export interface Row extends RowFacts {
  /** Its number, with which the titles of its tests begin. */
  readonly id: string;
  /** What is asked for, in our words. */
  readonly title: string;
}

/** The rows of one specification. */
export interface RowSection {
  /** Its name. */
  readonly name: string;
  /** Which text. */
  readonly text: string;
  /** Its rows, in order. */
  readonly rows: readonly Row[];
}

/** Makes rows of titles, and of titles with facts, numbered from 1. */
export function numberedRows(prefix: string, entries: readonly (string | readonly [string, RowFacts])[]): Row[] {
  return entries.map((entry, index) => {
    const [title, facts] = typeof entry === "string" ? [entry, {}] : entry;
    return { id: `${prefix}-${String(index + 1).padStart(2, "0")}`, title, ...facts };
  });
}
