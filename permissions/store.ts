/** The port to remembered answers, and the store that forgets everything when the process ends. */
import { decisionKey } from "./decision_key.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Requester } from "./requester.ts";

/** How long a stored decision holds: until the process ends, or until it is taken back or expires. */
export type StoredLifetime = "run" | "always";

/** A decision that outlives the request it was made for. */
export interface StoredDecision {
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** How long it holds. */
  readonly lifetime: StoredLifetime;
  /** Identifier for lists, logs and revocation. */
  readonly id: string;
  /** The file of the program that has changed since, so that an approval does not count any more (CON-18); or null. */
  readonly changed: string | null;
}

/** What to keep. */
export interface NewDecision {
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** How long it holds. */
  readonly lifetime: StoredLifetime;
}

/** Where decisions are kept. Everything is synchronous: a decision is made at once (CON-19). */
export interface PermissionStore {
  /** Whether an answer can be kept beyond this process. False in private mode, and where there is no place for it. */
  readonly remembers: boolean;
  /** The decision for a request, or null when there is none. Keyed by requester and canonical descriptor. */
  find(requester: Requester, descriptor: Descriptor): StoredDecision | null;
  /**
   * Keeps a decision, instead of one for the same request.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be written.
   */
  put(requester: Requester, descriptor: Descriptor, decision: NewDecision): StoredDecision;
  /** Notes that a decision was used, which keeps it from expiring. */
  used(id: string): void;
  /** Forgets a decision; the broker ends what relies on it. */
  remove(id: string): boolean;
  /**
   * Forgets what was approved to a program, as far as it matches: a program gives up what it was given, and no refusal.
   *
   * @param requester The program.
   * @param matches Says of a request whether it is meant.
   */
  forget(requester: Requester, matches: (descriptor: Descriptor) => boolean): void;
  /**
   * Tells of decisions that another process changed or took back, by their identifiers.
   *
   * @returns The way to stop it.
   */
  onChange(callback: (ids: readonly string[]) => void): () => void;
}

/** A store in memory, for the answer "this run". */
export class MemoryStore implements PermissionStore {
  /** Never: it ends with the process. */
  readonly remembers: boolean = false;
  readonly #decisions = new Map<string, StoredDecision>();
  #count = 0;

  /** The decision for a request, or null. */
  find(requester: Requester, descriptor: Descriptor): StoredDecision | null {
    return this.#decisions.get(decisionKey(requester, descriptor)) ?? null;
  }

  /** Keeps a decision until the process ends. */
  put(requester: Requester, descriptor: Descriptor, { effect }: NewDecision): StoredDecision {
    const decision: StoredDecision = Object.freeze({
      effect,
      lifetime: "run",
      id: `run-${++this.#count}`,
      changed: null,
    });
    this.#decisions.set(decisionKey(requester, descriptor), decision);
    return decision;
  }

  /** Nothing here expires by disuse. */
  used(): void {}

  /** Forgets a decision. */
  remove(id: string): boolean {
    for (const [key, decision] of this.#decisions) {
      if (decision.id === id) return this.#decisions.delete(key);
    }
    return false;
  }

  /** Nothing here outlasts the broker's own list, by which it is taken back. */
  forget(): void {}

  /** Nobody else can reach it. */
  onChange(): () => void {
    return () => {};
  }
}
