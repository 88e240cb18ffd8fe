/** The port to the files that decide: what a runtime supplies so that policies can be read (CON-15, CON-21). */
import type { RuleAuthor } from "../rule.ts";

/** A file that was found, or that should have been. */
export type PolicyFileText =
  /** One that is as it has to be, with its text. */
  | { readonly author: RuleAuthor; readonly path: string; readonly text: string }
  /** One that does not count because of what is wrong with it, in words that follow a colon. Not escaped. */
  | { readonly author: RuleAuthor; readonly path: string; readonly problem: string };

/** The files that decide. */
export interface PolicyFiles {
  /** Every file that there is, in the order of authority and name. Looks anew each time. Never throws. */
  read(): readonly PolicyFileText[];
  /**
   * Tells that some file may have changed; several times for one change at worst. Does not hold the process open.
   *
   * @returns The way to stop it.
   */
  watch(callback: () => void): () => void;
  /** Whether this process could write what managed files say: it is root's, or the directory lets it. Never throws. */
  writable(): boolean;
}
