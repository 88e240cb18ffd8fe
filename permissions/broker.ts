/**
 * The broker: every request of the process comes here, and only from here comes a Grant. One per process, in the main
 * realm. It decides (`decision.ts`), asks (`prompter.ts`), keeps what was approved (`approvals.ts`), and takes it back.
 */
import { abortError, onAbort } from "../core/abort.ts";
import type { Destination } from "../core/destination.ts";
import type { ErrorCode } from "../core/error_codes.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import { type Approval, Approvals } from "./approvals.ts";
import type { AuditEvent } from "./audit/audit_port.ts";
import { withHost } from "./chosen_host.ts";
import type { Decision, Refusal } from "./decision.ts";
import { decisionKey } from "./decision_key.ts";
import { denialText, requestText } from "./denial_text.ts";
import type { Descriptor } from "./descriptor.ts";
import { Dismissals } from "./dismissals.ts";
import type { FeatureName } from "./feature.ts";
import type { Grant, GrantSource } from "./grant.ts";
import { Judge, type JudgeSources, type PermissionState } from "./judge.ts";
import { lifetimesOffered } from "./lifetimes.ts";
import { type AskAboutKey, askAboutKey } from "./pins/ask_about_key.ts";
import type { PeerKeyFacts } from "./pins/peer_key_facts.ts";
import { isAt, type Place } from "./place.ts";
import type { Answer, DenyReason, Lifetime, Prompter, Question } from "./prompter.ts";
import type { RefusalMoment } from "./refusal_tick.ts";
import type { PolicyTerms } from "./policy.ts";
import { programOf, type Requester } from "./requester.ts";
import { riskOf } from "./risk.ts";
import type { Rule } from "./rule.ts";
import { MemoryStore, type StoredDecision } from "./store.ts";

/** An approval for the run ends after this long at the latest (CON-23). */
const MAX_RUN_MS = 12 * 60 * 60 * 1000;

export type { PermissionState } from "./judge.ts";

/** What the broker is made of. */
export interface BrokerInit extends JudgeSources {
  /** Who is asked. */
  readonly prompter: Prompter;
  /** The flag or variable that approves a destination, ready to be copied, or null. */
  preapprove(destination: Destination): string | null;
  /** Tells the operator one line. The broker has escaped it. */
  report(line: string): void;
  /** When the refusal of a request that is made now is told. */
  refusalMoment(): RefusalMoment;
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

/** Decides requests and makes Grants. */
export class Broker {
  readonly #init: BrokerInit;
  readonly #dismissals = new Dismissals();
  readonly #session = new MemoryStore();
  readonly #approvals: Approvals;
  readonly #judge: Judge;
  readonly #restrictions: ((descriptor: Descriptor) => boolean)[] = [];
  readonly #listeners = new Set<() => void>();
  #questions = 0;
  #unwatch: (() => void) | null = null;

  /** @param init What the broker is made of; cannot be changed afterwards (CON-16). */
  constructor(init: BrokerInit) {
    this.#init = Object.freeze({ ...init });
    this.#approvals = new Approvals({ test: init.test, changed: () => this.#changed() });
    this.#judge = new Judge({
      ...init,
      session: this.#session,
      isRestricted: (descriptor) => this.isRestricted(descriptor),
      isBlocked: (program, key) => this.#dismissals.blocks(program, key),
    });
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
   * `PERM_INSECURE`. For an aborted signal its reason.
   */
  async request(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    return await untilWithdrawn(options.signal, this.#told(requester, descriptor, options));
  }

  async #told(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    const tick = this.#init.refusalMoment();
    try {
      return await this.#serve(requester, descriptor, options);
    } catch (error) {
      await tick.passed(options.signal);
      throw error;
    } finally {
      tick.cancel();
    }
  }

  async #serve(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    const { decision, facts } = await this.#judge.decide(requester, descriptor, { counts: true });
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
    const { decision } = await this.#judge.decide(requester, chosen as Descriptor, { counts: true });
    // That nobody would be asked is no refusal: nobody has to be.
    const unasked = decision.kind === "deny" && ["blocked", "prompt-disabled"].includes(decision.refusal);
    if (decision.kind === "deny" && !unasked) return this.#refuse(requester, chosen as Descriptor, decision);
    this.#renew(grant);
    if (signal.aborted) throw new ParleyError("PERM_REVOKED", "Cannot reconnect: the permission was taken back");
    // Where its names may lead, and by which key, is what rules say now.
    return this.#approvals.again(grant, this.#terms(requester, chosen as Descriptor));
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

  /**
   * Whether the program gave a request up, or somebody with authority refused it: for what an approval lets through without
   * asking again.
   */
  isRefused(requester: Requester, descriptor: Descriptor): boolean {
    return this.isRestricted(descriptor) || this.#judge.isRefused(requester, descriptor);
  }

  /** Takes back every approval that holds for the run. Connections that rely on one end at once. */
  revokeAll(): void {
    for (const approval of this.#approvals.all()) {
      if (approval.lifetime === "run") this.#revoke(approval, "it was taken back");
    }
  }

  /**
   * Takes back what a requester was approved, and ends the uses of it at once (CON-13).
   *
   * @param requester Whose approvals.
   * @param feature For which feature.
   * @param place Where to only; every request of the feature when null.
   */
  revoke(requester: Requester, feature: FeatureName, place: Place | null): void {
    const isMeant = (descriptor: Descriptor): boolean =>
      descriptor.name === feature && (place === null || isAt(descriptor, feature, place));
    for (const approval of this.#approvals.all()) {
      const own = approval.requester.origin === requester.origin;
      if (own && isMeant(approval.descriptor)) this.#revoke(approval, "the program gave it back");
    }
    // What was remembered and not used yet would be as good as given otherwise.
    this.#init.store.forget(requester, isMeant);
    this.#changed();
  }

  /**
   * Asks for a permission ahead of its use: what was approved for the run or for good then serves the use.
   *
   * @throws {ParleyError} as {@linkcode Broker.request}.
   */
  async requestAhead(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<void> {
    const lifetimes: readonly Lifetime[] = ["run", "always"];
    this.#approvals.makeKnown(await this.request(requester, descriptor, { ...options, lifetimes }));
  }

  /**
   * What a program may know of a permission, without anybody being asked (CON-13). `granted` only for a destination that
   * this requester is, or was, connected to under an approval that still holds, or asked for ahead; otherwise one answer
   * for the whole feature.
   *
   * @param requester Who wants to know.
   * @param feature Which feature.
   * @param place Where to, or null for the feature as such.
   */
  state(requester: Requester, feature: FeatureName, place: Place | null): PermissionState {
    const known = place !== null && this.#approvals.isKnown(requester.origin, feature, place);
    return this.#judge.state(requester, feature, { known });
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

  /** Notes that something more is delegated: states may be others than before. */
  delegated(): void {
    this.#changed();
  }

  /**
   * Asks about the key of a far end that nobody vouches for (CON-05).
   *
   * @param grant The approval of the connection; no byte of the program has passed.
   * @param facts What the far end showed.
   * @param how What withdraws the question, and whether the key can be pinned.
   */
  askKey(grant: Grant, facts: PeerKeyFacts, how: Pick<AskAboutKey, "signal" | "remembers">): Promise<Answer> {
    return askAboutKey(this.#init, { grant, facts, number: ++this.#questions, ...how });
  }

  /** Writes down what became of an approval. Never throws. */
  note(event: AuditEvent): void {
    this.#init.audit.record(event);
  }

  /**
   * Ends what was approved at a terminal that has hung up, but for what the operator chose to keep (CON-23).
   *
   * @param reason In words for the log.
   */
  endPrompted(reason: string): void {
    for (const approval of this.#approvals.all()) {
      if (approval.prompted && approval.lifetime !== "always") this.#revoke(approval, reason);
    }
  }

  /** A use is a use of what approved it, which is at its end by now or lives on by it. */
  #renew(grant: Grant): void {
    const approval = this.#approvals.of(grant);
    if (approval === null) return;
    if (!this.#judge.stillHolds(approval)) return this.#end(approval, "what approved it has ended");
    if (approval.lifetime === "always" && approval.storedId !== null) this.#init.store.used(approval.storedId);
  }

  #terms(requester: Requester, descriptor: Descriptor): PolicyTerms {
    const { policy, clock } = this.#init;
    return policy.current.terms({ requester, descriptor, timeMs: clock.nowMs() });
  }

  /** Ends what the policy, or a remembered refusal, does not let be any more (CON-17). */
  #review(reason: string): void {
    for (const approval of this.#approvals.all()) {
      if (!this.#judge.stillHolds(approval)) this.#end(approval, reason);
    }
    this.#changed();
  }

  #revoke(approval: Approval, reason: string): void {
    const { storedId } = approval;
    if (storedId !== null && !this.#session.remove(storedId)) this.#init.store.remove(storedId);
    this.#end(approval, reason);
  }

  #end(approval: Approval, reason: string): void {
    const { requester, descriptor } = approval;
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
      if (answer.reason === "refused") this.#dismissals.dismissed(programOf(requester), key);
      this.#reportUnanswered(requester, descriptor, answer.reason);
      throw new ParleyError(DENIAL_CODES.get(answer.reason) ?? "PERM_DENIED", `Cannot connect: ${answer.reason}`);
    }
    this.#dismissals.approved(programOf(requester), key);
    const chosen = withHost(descriptor, answer.host);
    // Refusals hold for a host that the operator typed, too, and for what was written down while the question stood.
    const { decision: again } = await this.#judge.decide(requester, chosen, { counts: false });
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
      pinsCode: requester.mainSha256 !== null,
      runtimeAsksToo: options.runtimeAsksToo,
      preapprove: destination === null ? null : this.#init.preapprove(destination),
      peerKey: null,
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
    const terms = this.#terms(requester, descriptor);
    const { grant, approval } = this.#approvals.mint(requester, descriptor, { ...how, known, terms });
    if (how.source === "prompt") this.#unwatch ??= this.#watchTerminal();
    if (known === null && how.source === "prompt" && how.lifetime === "run") {
      this.#init.clock.after(MAX_RUN_MS, () => this.#expire(approval), { keepAlive: false });
    }
    return grant;
  }

  /** What was approved at a terminal ends with it (CON-23). */
  #watchTerminal(): () => void {
    const { prompter } = this.#init;
    return prompter.onGone?.((reason) => this.endPrompted(reason)) ?? ((): void => {});
  }

  #expire(approval: Approval): void {
    this.#revoke(approval, "its time was over");
  }

  #report(requester: Requester, descriptor: Descriptor, reason: string): void {
    this.#init.report(`parley: refused ${requestText(requester, descriptor)}: ${reason}`);
  }

  #reportUnanswered(requester: Requester, descriptor: Descriptor, reason: DenyReason): void {
    // The prompter sums up what it turned away (NET-11): a line for each would be as bad as the questions.
    if (reason !== "no-terminal") return;
    const { destination } = descriptor;
    const how = destination === null ? null : this.#init.preapprove(destination);
    const advice = how === null ? "run it at a terminal" : `to allow it, start with ${how}`;
    this.#report(requester, descriptor, `there is no terminal to ask at; ${advice}`);
  }
}

/** Whoever withdraws a request is told nothing else, whatever was decided by then, and always equally soon (NET-17). */
function untilWithdrawn(signal: AbortSignal, granted: Promise<Grant>): Promise<Grant> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal.reason));
    const forget = onAbort(signal, stop);
    if (signal.aborted) stop();
    granted.then(resolve, reject).finally(forget);
  });
}
