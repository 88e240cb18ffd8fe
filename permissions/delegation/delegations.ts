/**
 * Who may use what without being the main program: delegations by allow-lists per feature and origin (NET-13), as a
 * Permissions Policy does it for frames. A context that is not delegated to is refused without a question.
 */
import type { ContextState } from "../decision.ts";
import { type FeatureName, FEATURES } from "../feature.ts";
import type { PolicySettings } from "../policy.ts";
import type { Requester } from "../requester.ts";
import type { FeaturePolicy } from "./feature_policy.ts";

/** Origins that one feature can be delegated to. */
const MAX_ORIGINS = 1_000;

/** The delegations of one process. */
export class Delegations {
  readonly #origins = new Map<FeatureName, Set<string>>();
  /** What a navigator of its own, or a Worker, was made with. By identity: nothing that a program says of itself is looked at. */
  readonly #policies = new WeakMap<Requester, FeaturePolicy>();
  readonly #listeners = new Set<() => void>();

  /**
   * Lets origins use features. There is no way back but the end of the process.
   *
   * @param policy The origins of each feature.
   * @throws {RangeError} When a feature has more than 1,000 origins.
   */
  delegate(policy: FeaturePolicy): void {
    for (const [feature, origins] of policy) {
      const all = new Set([...this.#origins.get(feature) ?? [], ...origins]);
      if (all.size > MAX_ORIGINS) {
        throw new RangeError(`Cannot delegate ${feature} to more than ${MAX_ORIGINS} origins`);
      }
      this.#origins.set(feature, all);
    }
    for (const listener of this.#listeners) listener();
  }

  /**
   * Notes that a requester has a navigator of its own, or is a Worker that was delegated to.
   *
   * @param requester The requester; it is known by identity.
   * @param policy What it is narrowed to; of a Worker all that it has.
   */
  register(requester: Requester, policy: FeaturePolicy): void {
    this.#policies.set(requester, policy);
  }

  /**
   * Where a request comes from, as far as that decides.
   *
   * @param requester Who asks.
   * @param feature For what.
   * @param settings What the policy settles.
   */
  context(requester: Requester, feature: FeatureName, settings: Pick<PolicySettings, "ambient">): ContextState {
    const { role, origin } = requester;
    const policy = this.#policies.get(requester);
    const listed = policy?.get(feature);
    switch (role) {
      case "command":
        return "allowed";
      case "worker":
        return listed?.has(origin) === true ? "allowed" : "worker";
      case "program":
        if (policy === undefined && !settings.ambient) return "ambient-off";
        return listed === undefined || listed.has(origin) ? "allowed" : "not-delegated";
      case "library": {
        const delegated = FEATURES.get(feature)?.allowlist === "*" || this.#origins.get(feature)?.has(origin) === true;
        return delegated && (listed === undefined || listed.has(origin)) ? "allowed" : "not-delegated";
      }
    }
  }

  /**
   * Tells that something more is delegated.
   *
   * @returns The way to stop it.
   */
  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }
}
