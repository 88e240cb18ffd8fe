/**
 * Looking up a name under `.local`: one-shot questions to the neighbours, https://www.rfc-editor.org/rfc/rfc6762#section-5.1
 *
 * The questions leave by every network of this machine, from ports of no meaning, and answers come back to those. They count
 * from neighbours on that network only, from the port of multicast DNS, with the number of the question; what they lead to
 * is judged by the Grant afterwards. Needs neither a name server nor the Internet (NET-29).
 */
import { abortError, onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import { unicodeForm } from "../../../core/host.ts";
import { classifyAddress, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { InterfaceAddress } from "../../datagram_port.ts";
import type { DnsQueryType } from "../../port.ts";
import type { EngineHost } from "../engine_host.ts";
import { ownAddresses } from "../own_addresses.ts";
import { type AddressQuestion, encodeQuestion, readAnswers, wireName } from "./address_message.ts";
import { openQuestionSocket, type QuestionSocket } from "./question_socket.ts";

/** Milliseconds until the question is repeated, and again until it is given up. */
export const ANSWER_WITHIN_MS: number = 1_000;
/** Milliseconds that further answers are waited for after the first: the other family, another machine of that name. */
export const GATHER_MS: number = 100;
/** Times that a question is put. */
const TRIES = 2;
/** Networks that are asked. */
const MAX_NETWORKS = 8;
/** Addresses that are taken. One more than a host has would be an attack, and is judged all the same. */
const MAX_ADDRESSES = 64;
/** Messages that are read. */
const MAX_MESSAGES = 256;

/** What to look up. */
export interface MulticastLookUpOptions {
  /** The canonical name. */
  readonly name: string;
  /** Which family; null for both. */
  readonly type: DnsQueryType | null;
  /** Ends the lookup. */
  readonly signal: AbortSignal;
}

/**
 * Asks the neighbours for a host's addresses.
 *
 * @param host Network and time.
 * @param grant The approval that the questions leave under.
 * @param options What to look up.
 * @returns At least one address; link-local IPv6 addresses have the network they came from as zone. Not judged yet.
 * @throws {ParleyError} `NET_DNS` when nobody answers, or there is no network to ask on; `NET_ABORTED` on abort;
 * `RUNTIME_UNSUPPORTED` where the runtime hides the networks of this machine.
 */
export async function lookUpByMulticast(
  host: Pick<EngineHost, "net" | "clock">,
  grant: Grant,
  options: MulticastLookUpOptions,
): Promise<readonly IpAddress[]> {
  const { name, signal } = options;
  if (signal.aborted) throw abortError(signal.reason);
  const own = ownAddresses(host);
  if (own === null) {
    throw new ParleyError(
      "RUNTIME_UNSUPPORTED",
      `Cannot look up ${name}: the networks of this machine are hidden (Deno: --allow-sys=networkInterfaces)`,
    );
  }
  const look = new LookUp(host, options);
  try {
    await look.open(grant, networksOf(own));
    return await look.run();
  } finally {
    look.close();
  }
}

/** The addresses that questions leave from: of each network's interface one a family, for IPv6 the link-local one. */
function networksOf(own: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const chosen = new Map<string, InterfaceAddress>();
  for (const entry of own) {
    const { name, address } = entry;
    const key = `${address.family} ${name}`;
    if (chosen.has(key) || classifyAddress(address) === "loopback") continue;
    if (address.family === 4 || address.zone !== null) chosen.set(key, entry);
  }
  return [...chosen.values()].slice(0, MAX_NETWORKS);
}

class LookUp {
  readonly #host: Pick<EngineHost, "net" | "clock">;
  readonly #options: MulticastLookUpOptions;
  readonly #questions: readonly AddressQuestion[];
  readonly #sockets: QuestionSocket[] = [];
  readonly #found = new Map<string, IpAddress>();
  readonly #outcome = Promise.withResolvers<readonly IpAddress[]>();
  #messages = 0;
  #over = false;
  #stopTimer: () => void = () => {};
  #refusal: unknown = null;

  constructor(host: Pick<EngineHost, "net" | "clock">, options: MulticastLookUpOptions) {
    this.#host = host;
    this.#options = options;
    this.#questions = questionsFor(options);
    this.#outcome.promise.catch(() => {});
  }

  /** Opens a socket on each network; one that cannot be used is left out. */
  async open(grant: Grant, networks: readonly InterfaceAddress[]): Promise<void> {
    const opened = await Promise.allSettled(networks.map((network) =>
      openQuestionSocket(this.#host, grant, {
        network,
        received: (bytes) => this.#received(bytes, network),
      })
    ));
    for (const one of opened) {
      if (one.status === "rejected") this.#refusal = one.reason;
      else this.#sockets.push(one.value);
    }
  }

  async run(): Promise<readonly IpAddress[]> {
    const { name, signal } = this.#options;
    if (signal.aborted) throw abortError(signal.reason);
    if (this.#sockets.length === 0) {
      const state = "it is answered by neighbours, and there is no network to ask on";
      throw new ParleyError("NET_DNS", `Cannot look up ${name}: ${state}`, { cause: this.#refusal });
    }
    const forget = onAbort(signal, () => this.#outcome.reject(abortError(signal.reason)));
    try {
      this.#ask(TRIES);
      return await this.#outcome.promise;
    } finally {
      forget();
    }
  }

  close(): void {
    this.#over = true;
    this.#stopTimer();
    for (const socket of this.#sockets) socket.close();
  }

  #ask(triesLeft: number): void {
    if (triesLeft === 0) {
      const { name } = this.#options;
      this.#outcome.reject(new ParleyError("NET_DNS", `Cannot look up ${name}: no neighbour answers for it`));
      return;
    }
    for (const question of this.#questions) {
      const bytes = encodeQuestion(question);
      for (const socket of this.#sockets) socket.send(bytes);
    }
    const timer = this.#host.clock.after(ANSWER_WITHIN_MS, () => this.#ask(triesLeft - 1));
    this.#stopTimer = () => timer.cancel();
  }

  #received(bytes: Uint8Array, network: InterfaceAddress): void {
    if (this.#over || ++this.#messages > MAX_MESSAGES) return;
    const first = this.#found.size === 0;
    for (const plain of readAnswers(bytes, this.#questions)) {
      const address = withZone(plain, network);
      if (this.#found.size < MAX_ADDRESSES) this.#found.set(`${address.text}%${address.zone ?? ""}`, address);
    }
    if (!first || this.#found.size === 0) return;
    this.#stopTimer();
    const timer = this.#host.clock.after(GATHER_MS, () => this.#outcome.resolve([...this.#found.values()]));
    this.#stopTimer = () => timer.cancel();
  }
}

function questionsFor({ name, type }: MulticastLookUpOptions): readonly AddressQuestion[] {
  // Neighbours know names in UTF-8, not as A-labels (RFC 6762, section 16).
  const wire = wireName(unicodeForm(name) ?? name) ?? wireName(name);
  if (wire === null) throw new ParleyError("NET_DNS", `Cannot look up ${name}: no message can hold it`);
  const families: readonly (4 | 6)[] = type === null ? [4, 6] : type === "ipv4" ? [4] : [6];
  const [start = 0] = crypto.getRandomValues(new Uint16Array(1));
  return families.map((family, index) => ({ id: (start + index) & 0xffff, name: wire, family }));
}

/** A link-local address means nothing without the network that it is on. */
function withZone(address: IpAddress, { name }: InterfaceAddress): IpAddress {
  if (address.family === 4) return address;
  return parseIpAddress(`${address.text}%${name}`) ?? address;
}
