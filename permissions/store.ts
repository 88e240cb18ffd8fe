/** The port to remembered answers, and the store that forgets everything when the process ends. */
import { decisionKey } from "./decision_key.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Requester } from "./requester.ts";

/** A decision that outlives the request it was made for. */
export interface StoredDecision {
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** Identifier for lists, logs and revocation. */
  readonly id: string;
}

/** Where decisions are kept. The file store comes with remembered answers. */
export interface PermissionStore {
  /** The decision for a request, or null when there is none. Keyed by requester and canonical descriptor. */
  find(requester: Requester, descriptor: Descriptor): StoredDecision | null;
  /** Keeps a decision. */
  put(requester: Requester, descriptor: Descriptor, effect: "allow" | "deny"): StoredDecision;
  /** Forgets a decision; the broker ends what relies on it. */
  remove(id: string): boolean;
}

/** A store in memory, for the answer "this run". */
export class MemoryStore implements PermissionStore {
  readonly #decisions = new Map<string, StoredDecision>();
  #count = 0;

  /** The decision for a request, or null. */
  find(requester: Requester, descriptor: Descriptor): StoredDecision | null {
    return this.#decisions.get(decisionKey(requester, descriptor)) ?? null;
  }

  /** Keeps a decision until the process ends. */
  put(requester: Requester, descriptor: Descriptor, effect: "allow" | "deny"): StoredDecision {
    const decision: StoredDecision = { effect, id: `run-${++this.#count}` };
    this.#decisions.set(decisionKey(requester, descriptor), decision);
    return decision;
  }

  /** Forgets a decision. */
  remove(id: string): boolean {
    for (const [key, decision] of this.#decisions) {
      if (decision.id === id) return this.#decisions.delete(key);
    }
    return false;
  }
}
