/**
 * The broker: every request of the process comes here, and only from here comes a Grant. One per process, in the main
 * realm. It decides (`decision.ts`), asks (`prompter.ts`), keeps what was approved (`approvals.ts`), and takes it back.
 */
import type { Clock } from "../core/clock.ts";
import { type Destination, makeDestination } from "../core/destination.ts";
import type { ErrorCode } from "../core/error_codes.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import { canonicalHost } from "../core/host.ts";
import { type Approval, Approvals } from "./approvals.ts";
import type { AuditEvent, AuditSink } from "./audit/audit_port.ts";
import { type ContextState, decide, type Decision, type DecisionFacts, type Refusal } from "./decision.ts";
import { decisionKey } from "./decision_key.ts";
import { denialText, requestText } from "./denial_text.ts";
import type { Descriptor } from "./descriptor.ts";
import { Dismissals } from "./dismissals.ts";
import type { FeatureName } from "./feature.ts";
import type { Grant, GrantSource } from "./grant.ts";
import { lifetimesOffered } from "./lifetimes.ts";
import type { PolicySource } from "./policy.ts";
import type { Answer, DenyReason, Lifetime, Prompter, Question } from "./prompter.ts";
import type { AttemptLimits } from "./attempt_limits.ts";
import type { Requester } from "./requester.ts";
import { riskOf } from "./risk.ts";
import type { Rule } from "./rule.ts";
import { MemoryStore, type PermissionStore, type StoredDecision } from "./store.ts";

/** An approval for the run ends after this long at the latest (CON-23). */
const MAX_RUN_MS = 12 * 60 * 60 * 1000;

/** What the broker is made of. */
export interface BrokerInit {
  /** Who is asked. */
  readonly prompter: Prompter;
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
  /** The flag or variable that approves a destination, ready to be copied, or null. */
  preapprove(destination: Destination): string | null;
  /** Tells the operator one line. The broker has escaped it. */
  report(line: string): void;
  /** Whether grants come from a test host. */
  readonly test: boolean;
}

/** How a request is to be treated. */
export interface RequestOptions {
  /** Withdraws the request. */
  readonly signal: AbortSignal;
  /** The durations to offer, or null for all that the request allows. */
  readonly lifetimes: readonly Lifetime[] | null;
  /** The program's own words on why it asks, shown as its claim; or null. */
  readonly claim: string | null;
}

/** How a question is to be put. */
interface AskOptions extends RequestOptions {
  readonly runtimeAsksToo: boolean;
  readonly stored: StoredDecision | null;
}

/** What a program may know of a permission. */
export type PermissionState = "granted" | "denied" | "prompt";

const DENIAL_CODES: ReadonlyMap<DenyReason, ErrorCode> = new Map<DenyReason, ErrorCode>([
  ["refused", "PERM_DENIED"],
  ["no-terminal", "PERM_NO_TERMINAL"],
  ["aborted", "PERM_PROMPT_ABORTED"],
  ["queue-full", "PERM_DENIED"],
  ["no-act", "PERM_DENIED"],
]);

const REFUSAL_CODES: ReadonlyMap<Refusal, ErrorCode> = new Map<Refusal, ErrorCode>([
  ["context", "PERM_CONTEXT"],
  ["insecure", "PERM_INSECURE"],
]);

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

/** Decides requests and makes Grants. */
export class Broker {
  readonly #init: BrokerInit;
  readonly #dismissals = new Dismissals();
  readonly #session = new MemoryStore();
  readonly #approvals: Approvals;
  readonly #restrictions: ((descriptor: Descriptor) => boolean)[] = [];
  readonly #listeners = new Set<() => void>();
  #questions = 0;

  /** @param init What the broker is made of; cannot be changed afterwards (CON-16). */
  constructor(init: BrokerInit) {
    this.#init = Object.freeze({ ...init });
    this.#approvals = new Approvals({ test: init.test, changed: () => this.#changed() });
    init.store.onChange(() => this.#review("it was taken back, or refused, by another process"));
    init.policy.onChange(() => this.#review("the policy changed"));
  }

  /**
   * Decides a request, asking the operator if nothing else decides.
   *
   * @param requester Who asks.
   * @param descriptor For what.
   * @param options Withdrawal and what the question offers.
   * @returns A grant for one open.
   * @throws {ParleyError} with a `PERM_` code. A face turns every one of them into the same error (NET-17), but for
   * `PERM_INSECURE`.
   */
  async request(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    const { decision, facts } = await this.#judge(requester, descriptor, { counts: true });
    switch (decision.kind) {
      case "deny":
        return this.#refuse(requester, descriptor, decision);
      case "allow":
        return this.#allow(requester, descriptor, decision);
      case "ask": {
        const { runtimeAsksToo } = decision;
        return await this.#ask(requester, descriptor, { ...options, runtimeAsksToo, stored: facts.stored });
      }
    }
  }

  /**
   * Approves a further open of what an object had open before: the reconnection that its approval includes (NET-11). All
   * refusals are looked at again; nobody is asked.
   *
   * @param grant An approval that was connected with.
   * @throws {ParleyError} `PERM_SPENT` when nothing was ever connected with it, `PERM_REVOKED` when it was taken back, and
   * `PERM_DENIED` when something refuses it by now.
   */
  async reconnect(grant: Grant): Promise<Grant> {
    const { requester, descriptor, destination, signal } = grant;
    if (!grant.connected) throw new ParleyError("PERM_SPENT", "Cannot reconnect: it was never connected");
    const chosen = descriptor.destination === null ? Object.freeze({ ...descriptor, destination }) : descriptor;
    const { decision } = await this.#judge(requester, chosen as Descriptor, { counts: true });
    // That nobody would be asked is no refusal: nobody has to be.
    const unasked = decision.kind === "deny" && ["blocked", "prompt-disabled"].includes(decision.refusal);
    if (decision.kind === "deny" && !unasked) return this.#refuse(requester, chosen as Descriptor, decision);
    if (signal.aborted) throw new ParleyError("PERM_REVOKED", "Cannot reconnect: the permission was taken back");
    return this.#approvals.again(grant);
  }

  /**
   * Gives up power for the rest of the process. There is no way back: code can only narrow what is allowed.
   *
   * @param restricts Says of a request whether it is refused from now on.
   */
  restrict(restricts: (descriptor: Descriptor) => boolean): void {
    this.#restrictions.push(restricts);
    this.#changed();
  }

  /** Whether the program gave a request up, for what an approval lets through without asking again. */
  isRestricted(descriptor: Descriptor): boolean {
    return this.#restrictions.some((restricts) => restricts(descriptor));
  }

  /** Takes back every approval that holds for the run. Connections that rely on one end at once. */
  revokeAll(): void {
    for (const approval of this.#approvals.all()) {
      if (approval.storedId !== null) this.#revoke(approval, "it was taken back");
    }
  }

  /**
   * Takes back what a requester was approved, and ends the uses of it at once (CON-13).
   *
   * @param requester Whose approvals.
   * @param feature For which feature.
   * @param descriptor For this request only; for every request of the feature when null.
   */
  revoke(requester: Requester, feature: FeatureName, descriptor: Descriptor | null): void {
    const key = descriptor === null ? null : decisionKey(requester, descriptor);
    for (const approval of this.#approvals.all()) {
      const { requester: who, descriptor: what } = approval;
      if (who.origin !== requester.origin || what.name !== feature) continue;
      if (key === null || key === approval.key) this.#revoke(approval, "the program gave it back");
    }
    this.#changed();
  }

  /**
   * What a program may know of a permission, without anybody being asked (CON-13). `granted` only for a destination that
   * this requester is, or was, connected to under an approval that still holds; otherwise one answer for the whole feature.
   *
   * @param requester Who wants to know.
   * @param feature Which feature.
   * @param descriptor The request, or null for the feature as such.
   */
  state(requester: Requester, feature: FeatureName, descriptor: Descriptor | null): PermissionState {
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
    if (descriptor !== null && this.#approvals.wasConnected(decisionKey(requester, descriptor))) return "granted";
    const approvable = settings.prompt || rules.some((rule) => rule.effect === "allow" && rule.feature === feature);
    return approvable ? "prompt" : "denied";
  }

  /**
   * Tells that the state of some permission may have changed.
   *
   * @returns The way to stop it.
   */
  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  /** Writes down what became of an approval. Never throws. */
  note(event: AuditEvent): void {
    this.#init.audit.record(event);
  }

  /**
   * Ends what was approved at a terminal, which has hung up (CON-23).
   *
   * @param reason In words for the log.
   */
  endPrompted(reason: string): void {
    for (const approval of this.#approvals.all()) {
      if (approval.prompted) this.#revoke(approval, reason);
    }
  }

  async #judge(
    requester: Requester,
    descriptor: Descriptor,
    { counts }: { readonly counts: boolean },
  ): Promise<{ readonly decision: Decision; readonly facts: DecisionFacts }> {
    const { policy, limits, clock, context, runtimeState } = this.#init;
    const runtime = await runtimeState(descriptor);
    // One piece from here on: what is decided is what holds now.
    const facts: DecisionFacts = Object.freeze({
      insecure: requester.insecure,
      context: context(requester, descriptor.name),
      restricted: this.isRestricted(descriptor),
      runtime,
      stored: this.#stored(requester, descriptor),
      limited: counts && !limits.take(requester, descriptor),
      blocked: this.#dismissals.blocks(requester.origin, decisionKey(requester, descriptor)),
      timeMs: clock.nowMs(),
    });
    return this.#written(requester, descriptor, {
      facts,
      decision: decide({ requester, descriptor }, policy.current, facts),
    });
  }

  /** A refusal that was remembered counts before an approval for the run, and that before one that was remembered. */
  #stored(requester: Requester, descriptor: Descriptor): StoredDecision | null {
    const remembered = this.#init.store.find(requester, descriptor);
    if (remembered?.effect === "deny") return remembered;
    return this.#session.find(requester, descriptor) ?? remembered;
  }

  #written(
    requester: Requester,
    descriptor: Descriptor,
    { facts, decision }: { readonly facts: DecisionFacts; readonly decision: Decision },
  ): { readonly decision: Decision; readonly facts: DecisionFacts } {
    const { audit, policy } = this.#init;
    const { settings } = policy.current;
    const refused = decision.kind === "ask" || (decision.kind === "deny" && WATCHED.has(decision.refusal));
    const unenforced = settings.auditOnly && refused;
    const written = audit.record({
      event: "decision",
      requester,
      descriptor,
      facts,
      decision: decision.kind,
      by: decision.kind === "deny" ? decision.refusal : decision.kind === "allow" ? decision.source : null,
      rule: decision.kind === "ask" ? null : decision.rule?.id ?? null,
      unenforced,
    });
    if (!written && settings.audit === "required") {
      return { facts, decision: { kind: "deny", refusal: "unwritten", rule: null } };
    }
    if (!unenforced || descriptor.destination === null) return { facts, decision };
    return { facts, decision: { kind: "allow", source: "audit-only", rule: null, storedId: null } };
  }

  /** Ends what the policy, or a remembered refusal, does not let be any more (CON-17). */
  #review(reason: string): void {
    const { policy, store, clock } = this.#init;
    for (const approval of this.#approvals.all()) {
      const { requester, descriptor, rule, storedId } = approval;
      const asked = { requester, descriptor, timeMs: clock.nowMs() };
      const { current } = policy;
      const refused = (["managed", "flag", "operator"] as const).some((author) =>
        current.refusal(author, asked) !== null
      );
      const ruleGone = rule !== null && current.broken.length === 0 && current.approval(rule.author, asked) === null;
      const remembered = store.find(requester, descriptor);
      const forgotten = approval.source === "stored" && remembered?.id !== storedId;
      if (refused || ruleGone || forgotten || remembered?.effect === "deny") this.#revoke(approval, reason);
    }
    this.#changed();
  }

  #revoke(approval: Approval, reason: string): void {
    const { storedId, requester, descriptor } = approval;
    if (storedId !== null && !this.#session.remove(storedId)) this.#init.store.remove(storedId);
    if (!this.#approvals.end(approval)) return;
    this.#init.audit.record({ event: "revoked", requester, descriptor, reason });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #refuse(requester: Requester, descriptor: Descriptor, decision: Extract<Decision, { kind: "deny" }>): never {
    const reason = denialText(requester, decision);
    this.#report(requester, descriptor, reason);
    throw new ParleyError(REFUSAL_CODES.get(decision.refusal) ?? "PERM_DENIED", `Cannot connect: ${reason}`);
  }

  #allow(requester: Requester, descriptor: Descriptor, decision: Extract<Decision, { kind: "allow" }>): Grant {
    const { source, rule, storedId } = decision;
    if (source === "stored" && storedId !== null) this.#init.store.used(storedId);
    return this.#mint(requester, descriptor, {
      lifetime: source === "stored" ? "always" : "run",
      source,
      rule,
      storedId,
    });
  }

  async #ask(requester: Requester, descriptor: Descriptor, options: AskOptions): Promise<Grant> {
    const question = this.#question(requester, descriptor, options);
    const answer = await this.#init.prompter.ask(question, options.signal);
    const key = decisionKey(requester, descriptor);
    this.note({
      event: "answer",
      requester,
      descriptor,
      answer: answer.kind === "deny" ? answer.reason : answer.lifetime,
    });
    if (answer.kind === "deny") {
      if (answer.reason === "refused") this.#dismissals.dismissed(requester.origin, key);
      this.#reportUnanswered(requester, descriptor, answer.reason);
      throw new ParleyError(DENIAL_CODES.get(answer.reason) ?? "PERM_DENIED", `Cannot connect: ${answer.reason}`);
    }
    this.#dismissals.approved(requester.origin, key);
    const chosen = withHost(descriptor, answer);
    // Refusals hold for a host that the operator typed, too, and for what was written down while the question stood.
    const { decision: again } = await this.#judge(requester, chosen, { counts: false });
    if (again.kind === "deny" && again.refusal !== "blocked") return this.#refuse(requester, chosen, again);
    return this.#approved(requester, chosen, answer, question);
  }

  #question(requester: Requester, descriptor: Descriptor, options: AskOptions): Question {
    const { destination } = descriptor;
    const { store, policy } = this.#init;
    const risk = riskOf(descriptor);
    const remembers = store.remembers && !policy.current.settings.locked;
    return Object.freeze({
      number: ++this.#questions,
      requester,
      descriptor,
      lifetimes: lifetimesOffered({ requester, descriptor, risk, remembers, wanted: options.lifetimes }),
      risk,
      claim: options.claim,
      changed: options.stored?.changed ?? null,
      pinsCode: requester.evidence === "launcher",
      runtimeAsksToo: options.runtimeAsksToo,
      preapprove: destination === null ? null : this.#init.preapprove(destination),
    });
  }

  #approved(
    requester: Requester,
    descriptor: Descriptor,
    answer: Extract<Answer, { kind: "allow" }>,
    { lifetimes }: Question,
  ): Grant {
    // A prompter cannot give more than was offered.
    const lifetime: Lifetime = lifetimes.includes(answer.lifetime) ? answer.lifetime : "once";
    const storedId = lifetime === "once" ? null : this.#keep(requester, descriptor, lifetime);
    return this.#mint(requester, descriptor, { lifetime, source: "prompt", rule: null, storedId });
  }

  #keep(requester: Requester, descriptor: Descriptor, lifetime: "run" | "always"): string {
    if (lifetime === "always") {
      try {
        return this.#init.store.put(requester, descriptor, { effect: "allow", lifetime }).id;
      } catch (error) {
        const reason = error instanceof ParleyError ? error.message : String(error);
        this.#init.report(`parley: it holds for this run only: ${escapeText(reason)}`);
      }
    }
    return this.#session.put(requester, descriptor, { effect: "allow", lifetime: "run" }).id;
  }

  #mint(
    requester: Requester,
    descriptor: Descriptor,
    how: {
      readonly lifetime: Lifetime;
      readonly source: GrantSource;
      readonly rule: Rule | null;
      readonly storedId: string | null;
    },
  ): Grant {
    const known = how.storedId === null ? null : this.#approvals.byStoredId(how.storedId);
    const { grant, approval } = this.#approvals.mint(requester, descriptor, { ...how, known });
    if (known === null && how.source === "prompt" && how.lifetime === "run") {
      this.#init.clock.after(MAX_RUN_MS, () => this.#expire(approval), { keepAlive: false });
    }
    return grant;
  }

  #expire(approval: Approval): void {
    this.#revoke(approval, "its time was over");
  }

  #report(requester: Requester, descriptor: Descriptor, reason: string): void {
    this.#init.report(`parley: refused ${requestText(requester, descriptor)}: ${reason}`);
  }

  #reportUnanswered(requester: Requester, descriptor: Descriptor, reason: DenyReason): void {
    if (reason === "queue-full") this.#report(requester, descriptor, "too many questions wait already");
    if (reason === "no-act") {
      this.#report(requester, descriptor, "it asked again, and nobody pressed a key to be asked");
    }
    if (reason !== "no-terminal") return;
    const { destination } = descriptor;
    const how = destination === null ? null : this.#init.preapprove(destination);
    const advice = how === null ? "run it at a terminal" : `to allow it, start with ${how}`;
    this.#report(requester, descriptor, `there is no terminal to ask at; ${advice}`);
  }
}

/** Fills in the host that the operator typed. What comes from a prompter is checked like anything else. */
function withHost(descriptor: Descriptor, answer: Extract<Answer, { kind: "allow" }>): Descriptor {
  if (descriptor.name !== "direct-sockets" || descriptor.destination !== null || answer.host === null) {
    return descriptor;
  }
  const scheme = descriptor.tls?.mode === "open" ? "tls" : descriptor.transport;
  const destination = makeDestination({ scheme, host: canonicalHost(answer.host), port: descriptor.port });
  const { tls } = descriptor;
  // With no host in the request, the name to check is the one the operator chose.
  const named = tls === null || tls.serverName !== "" ? tls : { ...tls, serverName: destination.host.text };
  return Object.freeze({ ...descriptor, destination, tls: named });
}
