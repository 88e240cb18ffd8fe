/**
 * What is approved now, so that it can be taken back: every approval with the signal that ends its uses. An approval
 * outlives its Grants while somebody holds one of them, because a reconnection is included in it.
 */
import { ParleyError } from "../core/errors.ts";
import { decisionKey } from "./decision_key.ts";
import type { Descriptor } from "./descriptor.ts";
import { type Grant, type GrantSource, mintGrant } from "./grant.ts";
import type { FeatureName } from "./feature.ts";
import { isAt, type Place } from "./place.ts";
import type { Lifetime } from "./prompter.ts";
import type { Requester } from "./requester.ts";
import type { PolicyTerms } from "./policy.ts";
import type { Rule } from "./rule.ts";

/** One approval. */
export interface Approval {
  /** Who was approved. */
  readonly requester: Requester;
  /** For what, with the host that the operator chose. */
  readonly descriptor: Descriptor;
  /** Canonical text of both. */
  readonly key: string;
  /** What decided. */
  readonly source: GrantSource;
  /** How long it holds. */
  readonly lifetime: Lifetime;
  /** The rule that decided, or null. */
  readonly rule: Rule | null;
  /** The stored decision that it is, or came from; or null. */
  readonly storedId: string | null;
  /** Whether it is an answer given at a terminal in this run. */
  readonly prompted: boolean;
}

/** How a Grant comes about. */
export interface MintOptions extends Pick<Approval, "source" | "lifetime" | "rule" | "storedId"> {
  /** What rules let through besides. */
  readonly terms: PolicyTerms;
  /** The approval that it is a further use of, or null. */
  readonly known: Approval | null;
}

interface Kept {
  readonly approval: Approval;
  readonly controller: AbortController;
  /** Its Grants hold it, old and new ones; while somebody holds one the approval is in use. */
  use: WeakRef<Use>;
  /** Whether the requester knows of it. */
  known: boolean;
}

/** What all Grants of an approval have in common. */
interface Use {
  readonly approval: Approval;
}

/** Approvals without a holder are looked for when there are twice as many as after the last search, and at least these. */
const SWEEP_FROM = 256;

/** Every approval of a broker. */
export class Approvals {
  readonly #init: { readonly test: boolean; readonly changed: () => void };
  readonly #kept = new Map<Approval, Kept>();
  readonly #byGrant = new WeakMap<Grant, Use>();
  readonly #byStoredId = new Map<string, Approval>();
  #sweepAt = SWEEP_FROM;

  /** @param init Whether grants come from a test host, and who is told when something was connected or ended. */
  constructor(init: { readonly test: boolean; readonly changed: () => void }) {
    this.#init = init;
  }

  /** Makes a Grant, under a new approval or one that is known. */
  mint(
    requester: Requester,
    descriptor: Descriptor,
    options: MintOptions,
  ): { readonly grant: Grant; readonly approval: Approval } {
    const { known, source, lifetime, rule, storedId, terms } = options;
    const approval = known ?? Object.freeze({
      requester,
      descriptor,
      key: decisionKey(requester, descriptor),
      source,
      lifetime,
      rule,
      storedId,
      prompted: source === "prompt",
    });
    return { grant: this.#grantFor(approval, { descriptor, source, terms }), approval };
  }

  /**
   * Makes a further Grant for a reconnection.
   *
   * @param grant The Grant that was connected with.
   * @param terms What rules let through besides, now.
   * @throws {ParleyError} `PERM_REVOKED` when the approval has ended, `INTERNAL_INVARIANT` for a Grant of another broker.
   */
  again(grant: Grant, terms: PolicyTerms): Grant {
    const approval = this.#byGrant.get(grant)?.approval;
    if (approval === undefined) throw new ParleyError("INTERNAL_INVARIANT", "Cannot reconnect: the grant is another's");
    // What has ended does not begin anew.
    if (!this.#kept.has(approval)) {
      throw new ParleyError("PERM_REVOKED", "Cannot reconnect: the permission was taken back");
    }
    const { descriptor, source } = grant;
    return this.#grantFor(approval, { descriptor, source, terms });
  }

  /** The approval that a Grant came from, or null. */
  of(grant: Grant): Approval | null {
    return this.#byGrant.get(grant)?.approval ?? null;
  }

  /** Every approval, the unused ones among them. */
  all(): readonly Approval[] {
    return [...this.#kept.keys()];
  }

  /** The approval that goes by a stored decision, or null. */
  byStoredId(id: string): Approval | null {
    return this.#byStoredId.get(id) ?? null;
  }

  /** Whether the requester knows of an approval that still holds: because of what it connected to, or was told. */
  isKnown(origin: string, feature: FeatureName, place: Place): boolean {
    for (const { approval, known } of this.#kept.values()) {
      if (known && approval.requester.origin === origin && isAt(approval.descriptor, feature, place)) return true;
    }
    return false;
  }

  /** Notes that the requester knows of the approval that a Grant came from. */
  makeKnown(grant: Grant): void {
    const approval = this.of(grant);
    if (approval !== null) this.#connected(approval);
  }

  /**
   * Ends an approval and everything that uses it.
   *
   * @returns Whether it was still there.
   */
  end(approval: Approval): boolean {
    const kept = this.#kept.get(approval);
    if (kept === undefined) return false;
    this.#forget(approval);
    kept.controller.abort(new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back"));
    this.#init.changed();
    return true;
  }

  #grantFor(approval: Approval, shown: Pick<Grant, "descriptor" | "source" | "terms">): Grant {
    const { requester, lifetime } = approval;
    const { destination } = approval.descriptor;
    if (destination === null) throw new ParleyError("INTERNAL_INVARIANT", "Approved a request without a destination");
    const controller = this.#kept.get(approval)?.controller ?? new AbortController();
    const source = this.#init.test ? "test" : shown.source;
    const { descriptor, terms } = shown;
    const connected = (): void => this.#connected(approval);
    const { signal } = controller;
    const grant = mintGrant(
      Object.freeze({ requester, descriptor, destination, lifetime, source, terms, signal, connected }),
    );
    this.#keep(approval, { controller, grant });
    return grant;
  }

  #keep(
    approval: Approval,
    { controller, grant }: { readonly controller: AbortController; readonly grant: Grant },
  ): void {
    const kept = this.#kept.get(approval);
    const use = kept?.use.deref() ?? Object.freeze({ approval });
    this.#byGrant.set(grant, use);
    if (approval.storedId !== null) this.#byStoredId.set(approval.storedId, approval);
    if (kept !== undefined) kept.use = new WeakRef(use);
    else this.#kept.set(approval, { approval, controller, use: new WeakRef(use), known: false });
    if (this.#kept.size >= this.#sweepAt) this.#sweep();
  }

  #connected(approval: Approval): void {
    const kept = this.#kept.get(approval);
    if (kept === undefined || kept.known) return;
    kept.known = true;
    this.#init.changed();
  }

  /** Forgets what nobody holds and nothing will be served from. */
  #sweep(): void {
    for (const [approval, { use }] of this.#kept) {
      if (approval.storedId === null && use.deref() === undefined) this.#forget(approval);
    }
    this.#sweepAt = Math.max(SWEEP_FROM, this.#kept.size * 2);
  }

  #forget(approval: Approval): void {
    this.#kept.delete(approval);
    if (approval.storedId !== null) this.#byStoredId.delete(approval.storedId);
  }
}
