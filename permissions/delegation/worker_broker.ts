/**
 * The broker of a Worker. It decides nothing: it passes requests to the main realm's broker, and makes local Grants of what was
 * approved there. What the Worker itself gave up (`restrict`) is refused here.
 */
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { AttemptLimits, NO_COUNTER } from "../attempt_limits.ts";
import { NO_AUDIT } from "../audit/audit_port.ts";
import { Broker, type PermissionState, type RequestOptions } from "../broker.ts";
import { withHost } from "../chosen_host.ts";
import type { Descriptor } from "../descriptor.ts";
import type { FeatureName } from "../feature.ts";
import type { Grant } from "../grant.ts";
import type { Place } from "../place.ts";
import { type AskedOfPolicy, DEFAULT_SETTINGS, fixedPolicy, NO_TERMS, Policy, type PolicyTerms } from "../policy.ts";
import type { Prompter } from "../prompter.ts";
import type { Requester } from "../requester.ts";
import { MemoryStore } from "../store.ts";
import { toDescriptorMessage } from "./descriptor_message.ts";
import type { RealmBackend } from "./realm_port.ts";
import { MainLink } from "./main_link.ts";
import { AT_ONCE } from "../refusal_tick.ts";

/** The main realm counts attempts. */
const UNLIMITED = Object.freeze({ burst: Infinity, perSecond: Infinity });

/** What the broker of a Worker is made of. */
export interface WorkerBrokerInit {
  /** Connects to the main realm. */
  readonly realms: RealmBackend;
  /** Time. */
  readonly clock: Clock;
  /** Tells the operator one line, already escaped. */
  report(line: string): void;
}

/** Passes requests on to the main realm. */
export class WorkerBroker extends Broker {
  readonly #init: WorkerBrokerInit;
  /** Requests that were approved in the main realm, and are to be minted here. */
  readonly #approved: WeakSet<Descriptor>;
  /** What rules of the main realm let through besides, and what they ask for. */
  readonly #terms: WeakMap<Descriptor, PolicyTerms>;
  readonly #numbers = new WeakMap<Grant, number>();
  readonly #grants = new Map<number, WeakRef<Grant>>();
  readonly #unused = new FinalizationRegistry<number>((number) => this.#release(number));
  #link: MainLink | null = null;

  /** @param init What it is made of. */
  constructor(init: WorkerBrokerInit) {
    const approved = new WeakSet<Descriptor>();
    const terms = new WeakMap<Descriptor, PolicyTerms>();
    const { clock, report } = init;
    super({
      prompter: approvedPrompter(approved),
      clock,
      store: new MemoryStore(),
      policy: fixedPolicy(new MainRealmPolicy(terms)),
      limits: new AttemptLimits({
        clock,
        counter: NO_COUNTER,
        settings: () => ({ requester: UNLIMITED, destination: UNLIMITED, accountPerMinute: Infinity }),
      }),
      audit: NO_AUDIT,
      context: () => "allowed",
      runtimeState: () => Promise.resolve("granted"),
      preapprove: () => null,
      report,
      refusalMoment: () => AT_ONCE,
      test: false,
    });
    this.#init = init;
    this.#approved = approved;
    this.#terms = terms;
  }

  /**
   * Connects to the main realm, if something was delegated by now.
   *
   * @returns Whether there is a connection.
   */
  async connect(): Promise<boolean> {
    return await this.#connected() !== null;
  }

  /**
   * Has a request decided in the main realm.
   *
   * @throws {ParleyError} as {@linkcode Broker.request}; `PERM_CONTEXT` where nothing was delegated.
   */
  override async request(requester: Requester, descriptor: Descriptor, options: RequestOptions): Promise<Grant> {
    if (this.isRestricted(descriptor)) throw new ParleyError("PERM_DENIED", "Cannot connect: the program gave it up");
    const link = await this.#required();
    const { lifetimes, claim, signal } = options;
    const { id, host, terms } = await link.ask(
      { kind: "request", descriptor: toDescriptorMessage(descriptor), lifetimes, claim },
      signal,
    );
    // A copy is this request's alone, and what was approved for it serves no other.
    const own: Descriptor = Object.freeze({ __proto__: null, ...withHost(descriptor, host) });
    this.#approved.add(own);
    this.#terms.set(own, terms);
    return this.#register(id, await super.request(requester, own, { signal, lifetimes: null, claim: null }));
  }

  /**
   * Has a reconnection decided in the main realm.
   *
   * @throws {ParleyError} as {@linkcode Broker.reconnect}.
   */
  override async reconnect(grant: Grant): Promise<Grant> {
    const number = this.#numbers.get(grant);
    if (number !== undefined && grant.connected) {
      const link = await this.#required();
      const { id, terms } = await link.ask({ kind: "reconnect", grant: number }, grant.signal);
      this.#terms.set(grant.descriptor, terms);
      return this.#register(id, await super.reconnect(grant));
    }
    return await super.reconnect(grant);
  }

  /** What the Worker may know of a permission: nothing is approved of what was not delegated. */
  override state(requester: Requester, feature: FeatureName, place: Place | null): PermissionState {
    return this.#link?.features.has(feature) === true ? super.state(requester, feature, place) : "denied";
  }

  async #required(): Promise<MainLink> {
    const link = await this.#connected();
    if (link !== null) return link;
    this.#init.report(
      "parley: refused a request of a Worker: nothing was delegated to it; the program does that by delegateTo(worker, …)",
    );
    throw new ParleyError("PERM_CONTEXT", "Cannot ask from this Worker: nothing was delegated to it");
  }

  async #connected(): Promise<MainLink | null> {
    const port = this.#link === null ? await this.#init.realms.accept() : null;
    // Another request may have been quicker.
    if (port !== null) {
      this.#link ??= new MainLink(port, {
        revoked: (number) => this.#end(number),
        closed: () => {
          for (const number of [...this.#grants.keys()]) this.#end(number);
        },
      });
    }
    await this.#link?.ready;
    return this.#link;
  }

  #register(number: number, grant: Grant): Grant {
    this.#numbers.set(grant, number);
    this.#grants.set(number, new WeakRef(grant));
    this.#unused.register(grant, number);
    return grant;
  }

  #end(number: number): void {
    const grant = this.#grants.get(number)?.deref();
    this.#grants.delete(number);
    if (grant === undefined) return;
    const { requester, descriptor: { name, transport }, destination: { host, port } } = grant;
    this.revoke(requester, name, { transport, host, port });
  }

  #release(number: number): void {
    if (this.#grants.delete(number)) this.#link?.release(number);
  }
}

/** Decides nothing: the main realm has. Only what its rules say besides holds here, too. */
class MainRealmPolicy extends Policy {
  readonly #terms: WeakMap<Descriptor, PolicyTerms>;

  constructor(terms: WeakMap<Descriptor, PolicyTerms>) {
    super({ rules: [], settings: DEFAULT_SETTINGS, broken: [] });
    this.#terms = terms;
  }

  override terms({ descriptor }: AskedOfPolicy): PolicyTerms {
    return this.#terms.get(descriptor) ?? NO_TERMS;
  }
}

/** Says yes to what was approved in the main realm, and to nothing else. */
function approvedPrompter(approved: WeakSet<Descriptor>): Prompter {
  return Object.freeze({
    ask: ({ descriptor }: Parameters<Prompter["ask"]>[0]) =>
      Promise.resolve(
        approved.delete(descriptor)
          ? { kind: "allow", lifetime: "once", host: null } as const
          : { kind: "deny", reason: "refused" } as const,
      ),
  });
}
