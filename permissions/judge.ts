/**
 * Gathers what a decision is made from, has it made, and writes it down. Also says whether what was approved may go on, and
 * what a program may know.
 */
import type { Clock } from "../core/clock.ts";
import type { Approval } from "./approvals.ts";
import type { AttemptLimits } from "./attempt_limits.ts";
import type { AuditSink } from "./audit/audit_port.ts";
import { type ContextState, decide, type Decision, type DecisionFacts, type Refusal } from "./decision.ts";
import { decisionKey } from "./decision_key.ts";
import type { Descriptor } from "./descriptor.ts";
import type { FeatureName } from "./feature.ts";
import type { AskedOfPolicy, PolicySource } from "./policy.ts";
import type { RuleAuthor } from "./rule.ts";
import { programOf, type Requester } from "./requester.ts";
import type { MemoryStore, PermissionStore, StoredDecision } from "./store.ts";

/** What a program may know of a permission. */
export type PermissionState = "granted" | "denied" | "prompt";

/** Where facts come from. */
export interface JudgeSources {
  /** Time. */
  readonly clock: Clock;
  /** Answers that were remembered. */
  readonly store: PermissionStore;
  /** Everything that was decided before. */
  readonly policy: PolicySource;
  /** How often may be tried. */
  readonly limits: AttemptLimits;
  /** Where decisions are written down. */
  readonly audit: AuditSink;
  /** Where a request comes from, as far as that decides. */
  context(requester: Requester, feature: FeatureName): ContextState;
  /** What the runtime's own permissions say about a destination, found out without prompting. */
  runtimeState(descriptor: Descriptor): Promise<"granted" | "denied" | "prompt">;
}

/** What a judge is made of. */
export interface JudgeInit extends JudgeSources {
  /** Answers that hold for the run. */
  readonly session: MemoryStore;
  /** Whether the program gave it up. */
  isRestricted(descriptor: Descriptor): boolean;
  /** Whether the question was dismissed too often. */
  isBlocked(program: string, key: string): boolean;
}

/** A decision and what it was made from. */
export interface Judgement {
  /** What is to be done. */
  readonly decision: Decision;
  /** Why. */
  readonly facts: DecisionFacts;
}

/** What a managed policy that only watches lets through: what somebody decided, not what cannot be. */
const WATCHED: ReadonlySet<Refusal> = new Set<Refusal>([
  "managed",
  "flag",
  "operator",
  "stored",
  "rate",
  "prompt-disabled",
  "blocked",
]);

const AUTHORS: readonly RuleAuthor[] = ["managed", "flag", "operator"];

/** The judge of one broker. */
export class Judge {
  readonly #init: JudgeInit;

  /** @param init Where facts come from. */
  constructor(init: JudgeInit) {
    this.#init = Object.freeze({ ...init });
  }

  /**
   * Decides a request as far as that is possible without asking, and writes the decision down.
   *
   * @param requester Who asks.
   * @param descriptor For what.
   * @param options Whether it counts as an attempt.
   */
  async decide(
    requester: Requester,
    descriptor: Descriptor,
    { counts }: { readonly counts: boolean },
  ): Promise<Judgement> {
    const { policy, limits, clock, context, runtimeState, isRestricted, isBlocked } = this.#init;
    const runtime = await runtimeState(descriptor);
    // One piece from here on: what is decided is what holds now.
    const facts: DecisionFacts = Object.freeze({
      insecure: requester.insecure,
      context: context(requester, descriptor.name),
      restricted: isRestricted(descriptor),
      runtime,
      stored: this.#stored(requester, descriptor),
      limited: counts && !limits.take(requester, descriptor),
      blocked: isBlocked(programOf(requester), decisionKey(requester, descriptor)),
      timeMs: clock.nowMs(),
    });
    const decision = decide({ requester, descriptor }, policy.current, facts);
    return { facts, decision: this.#written({ requester, descriptor }, { facts, decision }) };
  }

  /** Whether a rule or a remembered answer refuses a request. Counts and writes nothing. */
  isRefused(requester: Requester, descriptor: Descriptor): boolean {
    const { policy: { current }, store, clock } = this.#init;
    if (current.settings.auditOnly) return false;
    const asked: AskedOfPolicy = { requester, descriptor, timeMs: clock.nowMs() };
    return AUTHORS.some((author) => current.refusal(author, asked) !== null) ||
      store.find(requester, descriptor)?.effect === "deny";
  }

  /** Whether the policy, and what is remembered, let an approval be (CON-17). */
  stillHolds({ requester, descriptor, source, rule, storedId, lifetime }: Approval): boolean {
    const { policy: { current }, store, clock } = this.#init;
    if (source === "audit-only") return current.settings.auditOnly;
    const byOthers = lifetime === "always" || (rule !== null && rule.author !== "managed");
    if (current.settings.locked && byOthers) return false;
    const asked: AskedOfPolicy = { requester, descriptor, timeMs: clock.nowMs() };
    if (AUTHORS.some((author) => current.refusal(author, asked) !== null)) return false;
    // A file that is not valid any more says nothing of what it said (CON-21).
    if (rule !== null && current.broken.length === 0 && current.approval(rule.author, asked) === null) return false;
    const remembered = store.find(requester, descriptor);
    if (remembered?.effect === "deny") return false;
    return lifetime !== "always" || storedId === null || remembered?.id === storedId;
  }

  /**
   * What a program may know of a permission (CON-13).
   *
   * @param requester The program.
   * @param feature The feature.
   * @param about Whether it is about something that the program knows to be approved.
   */
  state(requester: Requester, feature: FeatureName, { known }: { readonly known: boolean }): PermissionState {
    const { policy, context, clock } = this.#init;
    const { rules, settings, broken } = policy.current;
    if (requester.insecure !== null || broken.length > 0 || context(requester, feature) !== "allowed") return "denied";
    const timeMs = clock.nowMs();
    const whole = rules.some((rule) =>
      rule.effect === "deny" && rule.feature === feature && rule.to === null &&
      (rule.untilMs === null || timeMs < rule.untilMs) &&
      (rule.origins === null || rule.origins.includes(requester.origin))
    );
    if (whole) return "denied";
    if (known) return "granted";
    // What others may do is none of its business.
    const approvable = settings.prompt ||
      rules.some(({ effect, feature: its, origins, untilMs, author }) =>
        effect === "allow" && its === feature && (origins === null || origins.includes(requester.origin)) &&
        (untilMs === null || timeMs < untilMs) && (author === "managed" || !settings.locked)
      );
    return approvable ? "prompt" : "denied";
  }

  /** A refusal that was remembered counts before an approval for the run, and that before one that was remembered. */
  #stored(requester: Requester, descriptor: Descriptor): StoredDecision | null {
    const { store, session } = this.#init;
    const remembered = store.find(requester, descriptor);
    if (remembered?.effect === "deny") return remembered;
    return session.find(requester, descriptor) ?? remembered;
  }

  /** What holds once it is, or cannot be, written down; and where nothing is enforced (CON-22, CON-23). */
  #written(
    { requester, descriptor }: { readonly requester: Requester; readonly descriptor: Descriptor },
    { facts, decision }: Judgement,
  ): Decision {
    const { audit, policy: { current: { settings } } } = this.#init;
    const refused = decision.kind === "ask" || (decision.kind === "deny" && WATCHED.has(decision.refusal));
    const unenforced = settings.auditOnly && refused;
    const isWritten = audit.record({
      event: "decision",
      requester,
      descriptor,
      facts,
      decision: decision.kind,
      by: decision.kind === "deny" ? decision.refusal : decision.kind === "allow" ? decision.source : null,
      rule: decision.kind === "ask" ? null : decision.rule?.id ?? null,
      unenforced,
    });
    if (!isWritten && settings.audit === "required") return { kind: "deny", refusal: "unwritten", rule: null };
    if (!unenforced || descriptor.destination === null) return decision;
    return { kind: "allow", source: "audit-only", rule: null, storedId: null };
  }
}
