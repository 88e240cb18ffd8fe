/**
 * The main realm's side of a Worker that something was delegated to: the one broker decides, the Worker gets answers. What was
 * approved ends with the Worker, and what is taken back ends there, too.
 */
import { onAbort } from "../../core/abort.ts";
import { isParleyError } from "../../core/errors.ts";
import type { Broker } from "../broker.ts";
import type { Grant } from "../grant.ts";
import type { Lifetime } from "../prompter.ts";
import type { Requester } from "../requester.ts";
import { fromDescriptorMessage } from "./descriptor_message.ts";
import type { FeaturePolicy } from "./feature_policy.ts";
import type { RealmPort } from "./realm_port.ts";
import type { ApprovalMessage, MainMessage, WorkerMessage } from "./worker_messages.ts";

interface Held {
  grant: Grant;
  readonly stop: () => void;
}

/** Requests of one Worker that may wait, and grants that it may hold. */
const MAX_WAITING = 1_000;
const MAX_HELD = 100_000;
const MAX_CLAIM = 2_000;
const LIFETIMES: ReadonlySet<unknown> = new Set<Lifetime>(["once", "run", "always"]);

/** Serves one Worker. */
export class WorkerService {
  readonly #port: RealmPort;
  readonly #broker: Broker;
  readonly #requester: Requester;
  readonly #waiting = new Map<number, AbortController>();
  readonly #held = new Map<number, Held>();
  #ended = false;

  /** @param init The connection, who decides, whom the Worker asks as, and what was delegated to it. */
  constructor(init: {
    readonly port: RealmPort;
    readonly broker: Broker;
    readonly requester: Requester;
    readonly policy: FeaturePolicy;
  }) {
    this.#port = init.port;
    this.#broker = init.broker;
    this.#requester = init.requester;
    this.#port.listen((message) => this.#receive(message), () => this.#end());
    this.#post({ kind: "features", features: [...init.policy.keys()] });
  }

  #receive(message: unknown): void {
    // A copy of data; nothing in it is believed.
    const said = message as WorkerMessage | null;
    switch (said?.kind) {
      case "request":
        return void this.#answer(said.id, (signal) => this.#request(said, signal));
      case "reconnect":
        return void this.#answer(said.id, () => this.#reconnect(said));
      case "withdraw":
        return this.#waiting.get(said.id)?.abort();
      case "release":
        return this.#release(said.grant);
    }
  }

  async #answer(id: number, decide: (signal: AbortSignal) => Promise<ApprovalMessage>): Promise<void> {
    if (!Number.isSafeInteger(id) || this.#waiting.has(id) || this.#held.has(id)) return;
    const controller = new AbortController();
    try {
      if (this.#waiting.size >= MAX_WAITING || this.#held.size >= MAX_HELD) throw new TypeError("Cannot serve more");
      this.#waiting.set(id, controller);
      const approval = await decide(controller.signal);
      this.#post({ kind: "approved", id, approval });
    } catch (error) {
      this.#post({ kind: "refused", id, code: isParleyError(error) ? error.code : "PERM_DENIED" });
    } finally {
      this.#waiting.delete(id);
    }
  }

  async #request(said: Extract<WorkerMessage, { kind: "request" }>, signal: AbortSignal): Promise<ApprovalMessage> {
    const { id, lifetimes, claim } = said;
    const descriptor = fromDescriptorMessage(said.descriptor);
    const grant = await this.#broker.request(this.#requester, descriptor, {
      signal,
      lifetimes: Array.isArray(lifetimes) ? lifetimes.filter((lifetime) => LIFETIMES.has(lifetime)) : null,
      claim: typeof claim === "string" ? claim.slice(0, MAX_CLAIM) : null,
    });
    // From here on it is the Worker's; nobody uses it here.
    grant.spend();
    this.#hold(id, grant);
    return { host: descriptor.destination === null ? grant.destination.host.text : null, terms: grant.terms };
  }

  async #reconnect({ id, grant: number }: Extract<WorkerMessage, { kind: "reconnect" }>): Promise<ApprovalMessage> {
    const held = this.#held.get(number);
    if (held === undefined) throw new TypeError("Cannot reconnect: no such grant");
    // The Worker reconnects what it was connected with.
    held.grant.markConnected();
    const grant = await this.#broker.reconnect(held.grant);
    grant.spend();
    this.#hold(id, grant);
    return { host: null, terms: grant.terms };
  }

  #hold(id: number, grant: Grant): void {
    // An answer that comes after the Worker's end is nobody's.
    if (this.#ended) return;
    const stop = onAbort(grant.signal, () => {
      this.#held.delete(id);
      this.#post({ kind: "revoked", grant: id });
    });
    this.#held.set(id, { grant, stop });
  }

  #release(id: number): void {
    this.#held.get(id)?.stop();
    this.#held.delete(id);
  }

  #end(): void {
    this.#ended = true;
    for (const controller of this.#waiting.values()) controller.abort();
    for (const id of [...this.#held.keys()]) this.#release(id);
    this.#port.close();
  }

  #post(message: MainMessage): void {
    this.#port.post(message);
  }
}
