/**
 * The broker: every request of the process comes here, and only from here comes a Grant. One per process, in the main
 * realm. It decides (`decision.ts`), asks (`prompter.ts`), keeps what holds for the run, and takes approvals back.
 */
import type { Clock } from "../core/clock.ts";
import { type Destination, formatDestination, makeDestination } from "../core/destination.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import { canonicalHost } from "../core/host.ts";
import type { ErrorCode } from "../core/error_codes.ts";
import { decide, type Decision, type Refusal } from "./decision.ts";
import { decisionKey } from "./decision_key.ts";
import type { Descriptor } from "./descriptor.ts";
import { Dismissals } from "./dismissals.ts";
import { type Grant, type GrantInit, type GrantSource, mintGrant } from "./grant.ts";
import type { LaunchRules } from "./launch_rules.ts";
import type { Answer, DenyReason, Lifetime, Prompter, Question } from "./prompter.ts";
import type { Requester } from "./requester.ts";
import { riskOf } from "./risk.ts";
import type { PermissionStore } from "./store.ts";

/** An approval for the run ends after this long at the latest (CON-23). */
const MAX_RUN_MS = 12 * 60 * 60 * 1000;

/** What the broker is made of. */
export interface BrokerInit {
  /** Who is asked. */
  readonly prompter: Prompter;
  /** Time. */
  readonly clock: Clock;
  /** Answers that hold for the run. */
  readonly store: PermissionStore;
  /** Rules given at launch. */
  readonly rules: LaunchRules;
  /** Whether this realm may not ask. */
  readonly inWorker: boolean;
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
  /** The durations to offer, or null for both. */
  readonly lifetimes: readonly Lifetime[] | null;
  /** The program's own words on why it asks, shown as its claim; or null. */
  readonly claim: string | null;
}

/** How a question is to be put. */
interface AskOptions extends RequestOptions {
  readonly runtimeAsksToo: boolean;
}

const DENIAL_CODES: ReadonlyMap<DenyReason, ErrorCode> = new Map<DenyReason, ErrorCode>([
  ["refused", "PERM_DENIED"],
  ["no-terminal", "PERM_NO_TERMINAL"],
  ["aborted", "PERM_PROMPT_ABORTED"],
  ["queue-full", "PERM_DENIED"],
]);

const REFUSAL_TEXTS: ReadonlyMap<Refusal, string> = new Map<Refusal, string>([
  ["insecure", "the program came over an insecure connection"],
  ["context", "it was asked from a Worker or by a second copy of Parley, and neither may ask"],
  ["restricted", "the program gave this up earlier"],
  ["runtime", "the runtime's own permissions refuse it"],
  ["stored", "it was refused earlier in this run"],
  ["address", "no connection can be made to this address"],
  ["blocked", "it was refused too often; start the program again to be asked again"],
]);

const ONCE_ONLY: readonly Lifetime[] = Object.freeze(["once"] as const);
const BOTH: readonly Lifetime[] = Object.freeze(["once", "run"] as const);

/** Decides requests and makes Grants. */
export class Broker {
  readonly #init: BrokerInit;
  readonly #dismissals = new Dismissals();
  readonly #runApprovals = new Map<string, AbortController>();
  readonly #restrictions: ((descriptor: Descriptor) => boolean)[] = [];
  #questions = 0;

  /** @param init What the broker is made of; cannot be changed afterwards (CON-16). */
  constructor(init: BrokerInit) {
    this.#init = Object.freeze({ ...init });
  }

  /**
   * Decides a request, asking the operator if nothing else decides.
   *
   * @param requester Who asks.
   * @param descriptor For what.
   * @param options Withdrawal and what the question offers.
   * @returns A grant for one open.
   * @throws {ParleyError} with a `PERM_` code. A face turns every one of them into the same error (NET-17).
   */
  async request(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    const decision = await this.#decide(requester, descriptor);
    switch (decision.kind) {
      case "deny":
        return this.#refuse(requester, descriptor, decision.refusal);
      case "allow":
        return this.#allow(requester, descriptor, decision);
      case "ask":
        return await this.#ask(requester, descriptor, { ...options, runtimeAsksToo: decision.runtimeAsksToo });
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
    const { requester, descriptor, destination, lifetime, source, signal } = grant;
    if (!grant.connected) throw new ParleyError("PERM_SPENT", "Cannot reconnect: it was never connected");
    const chosen = descriptor.destination === null ? Object.freeze({ ...descriptor, destination }) : descriptor;
    const decision = await this.#decide(requester, chosen as Descriptor);
    if (decision.kind === "deny" && decision.refusal !== "blocked") {
      return this.#refuse(requester, chosen as Descriptor, decision.refusal);
    }
    if (signal.aborted) throw new ParleyError("PERM_REVOKED", "Cannot reconnect: the permission was taken back");
    return mintGrant(Object.freeze({ requester, descriptor, destination, lifetime, source, signal }));
  }

  /**
   * Gives up power for the rest of the process. There is no way back: code can only narrow what is allowed.
   *
   * @param restricts Says of a request whether it is refused from now on.
   */
  restrict(restricts: (descriptor: Descriptor) => boolean): void {
    this.#restrictions.push(restricts);
  }

  /** Whether the program gave a request up, for what an approval lets through without asking again. */
  isRestricted(descriptor: Descriptor): boolean {
    return this.#restrictions.some((restricts) => restricts(descriptor));
  }

  /** Takes back every approval that holds for the run. Connections that rely on one end at once. */
  revokeAll(): void {
    for (const id of [...this.#runApprovals.keys()]) this.#revoke(id);
  }

  async #decide(requester: Requester, descriptor: Descriptor): Promise<Decision> {
    return decide(requester, descriptor, {
      inWorker: this.#init.inWorker,
      restricts: (asked) => this.isRestricted(asked),
      runtimeState: await this.#init.runtimeState(descriptor),
      rules: this.#init.rules,
      store: this.#init.store,
      blocked: (who, what) => this.#dismissals.blocks(who.origin, decisionKey(who, what)),
    });
  }

  #revoke(id: string): void {
    this.#init.store.remove(id);
    const approval = this.#runApprovals.get(id);
    this.#runApprovals.delete(id);
    approval?.abort(new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back"));
  }

  #refuse(requester: Requester, descriptor: Descriptor, refusal: Refusal): never {
    const reason = REFUSAL_TEXTS.get(refusal) ?? refusal;
    this.#reportDenied(requester, descriptor, reason);
    throw new ParleyError(refusal === "context" ? "PERM_CONTEXT" : "PERM_DENIED", `Cannot connect: ${reason}`);
  }

  #allow(requester: Requester, descriptor: Descriptor, decision: Extract<Decision, { kind: "allow" }>): Grant {
    const approval = decision.storedId === null ? null : this.#runApprovals.get(decision.storedId);
    const signal = approval?.signal ?? new AbortController().signal;
    return this.#mint(requester, descriptor, { lifetime: "run", source: decision.source, signal });
  }

  async #ask(requester: Requester, descriptor: Descriptor, options: AskOptions): Promise<Grant> {
    const question = this.#question(requester, descriptor, options);
    const answer = await this.#init.prompter.ask(question, options.signal);
    const key = decisionKey(requester, descriptor);
    if (answer.kind === "deny") {
      if (answer.reason === "refused") this.#dismissals.dismissed(requester.origin, key);
      if (answer.reason === "no-terminal") this.#reportNoTerminal(requester, descriptor);
      if (answer.reason === "queue-full") this.#reportDenied(requester, descriptor, "too many questions wait already");
      throw new ParleyError(DENIAL_CODES.get(answer.reason) ?? "PERM_DENIED", `Cannot connect: ${answer.reason}`);
    }
    this.#dismissals.approved(requester.origin, key);
    const chosen = withHost(descriptor, answer);
    // Refusals hold for a host that the operator typed, too.
    const again = chosen === descriptor ? null : await this.#decide(requester, chosen);
    if (again?.kind === "deny") return this.#refuse(requester, chosen, again.refusal);
    return this.#approved(requester, chosen, answer, question.lifetimes);
  }

  #question(requester: Requester, descriptor: Descriptor, options: AskOptions): Question {
    const { destination } = descriptor;
    return Object.freeze({
      number: ++this.#questions,
      requester,
      descriptor,
      // Code without a name (-e, REPL) is asked about each time (NET-16).
      lifetimes: requester.kind === "opaque" || isNeverRemembered(descriptor) ? ONCE_ONLY : options.lifetimes ?? BOTH,
      risk: riskOf(descriptor),
      claim: options.claim,
      runtimeAsksToo: options.runtimeAsksToo,
      preapprove: destination === null ? null : this.#init.preapprove(destination),
    });
  }

  #approved(
    requester: Requester,
    descriptor: Descriptor,
    answer: Extract<Answer, { kind: "allow" }>,
    offered: readonly Lifetime[],
  ): Grant {
    const controller = new AbortController();
    // A prompter cannot give more than was offered.
    const lifetime: Lifetime = answer.lifetime === "run" && offered.includes("run") ? "run" : "once";
    if (lifetime === "run") {
      const { id } = this.#init.store.put(requester, descriptor, "allow");
      this.#runApprovals.set(id, controller);
      this.#init.clock.after(MAX_RUN_MS, () => this.#revoke(id), { keepAlive: false });
    }
    return this.#mint(requester, descriptor, { lifetime, source: "prompt", signal: controller.signal });
  }

  #mint(
    requester: Requester,
    descriptor: Descriptor,
    how: { readonly lifetime: Lifetime; readonly source: GrantSource; readonly signal: AbortSignal },
  ): Grant {
    const { destination } = descriptor;
    if (destination === null) throw new ParleyError("INTERNAL_INVARIANT", "Approved a request without a destination");
    const source = this.#init.test ? "test" : how.source;
    const init: GrantInit = { requester, descriptor, destination, ...how, source };
    return mintGrant(Object.freeze(init));
  }

  #reportDenied(requester: Requester, descriptor: Descriptor, reason: string): void {
    this.#init.report(`parley: refused ${describe(requester, descriptor)}: ${reason}`);
  }

  #reportNoTerminal(requester: Requester, descriptor: Descriptor): void {
    const { destination } = descriptor;
    const how = destination === null ? null : this.#init.preapprove(destination);
    const advice = how === null ? "run it at a terminal" : `to allow it, start with ${how}`;
    this.#reportDenied(requester, descriptor, `there is no terminal to ask at; ${advice}`);
  }
}

function describe(requester: Requester, descriptor: Descriptor): string {
  const { destination, port } = descriptor;
  const where = destination === null ? `port ${port} of a host to be chosen` : formatDestination(destination);
  const what = descriptor.name !== "direct-sockets"
    ? "the use of"
    : descriptor.transport === "udp"
    ? "datagrams to"
    : "a connection to";
  return `${escapeText(requester.origin)} ${what} ${escapeText(where)}`;
}

/** Where somebody else decides who is reached, an answer holds for one time (NET-26, NET-28). */
function isNeverRemembered(descriptor: Descriptor): boolean {
  return descriptor.name === "udp-peers" ||
    (descriptor.name === "direct-sockets" && descriptor.via?.remoteDns === true);
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
