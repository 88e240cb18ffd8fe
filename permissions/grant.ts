/**
 * A Grant: proof, as an object, that a request was approved. Back ends and the engine take one as an argument, so that
 * forgetting consent does not compile. It is minted by the broker only, serves one open, and dies with its revocation.
 *
 * It is a discipline for cooperating code, not a wall: see SECURITY.md.
 */
import { type IpAddress, parseIpAddress } from "../core/ip_address.ts";
import { ParleyError } from "../core/errors.ts";
import type { Destination } from "../core/destination.ts";
import type { Descriptor, TlsClaims } from "./descriptor.ts";
import type { Requester } from "./requester.ts";
import type { PolicyTerms } from "./policy.ts";
import type { Lifetime } from "./prompter.ts";
import { type Surroundings, UNKNOWN_SURROUNDINGS, vetAddresses } from "./vetting.ts";

/** What decided in favour of a request. */
export type GrantSource =
  /** The operator answered a question. */
  | "prompt"
  /** A rule of the managed policy. */
  | "managed"
  /** A flag or variable given at launch. */
  | "flag"
  /** An earlier answer that holds for this run. */
  | "run"
  /** A rule in the operator's own file. */
  | "operator"
  /** An answer that was remembered. */
  | "stored"
  /** Nothing: a managed policy has decisions written down, not enforced (CON-23). */
  | "audit-only"
  /** A test host's own rule. */
  | "test";

/** What the broker puts into a {@linkcode Grant}. */
export interface GrantInit {
  /** Who was approved. */
  readonly requester: Requester;
  /** What was asked for. */
  readonly descriptor: Descriptor;
  /** The approved destination: the script's, or the one the operator typed. */
  readonly destination: Destination;
  /** How long the approval it comes from holds. */
  readonly lifetime: Lifetime;
  /** What decided. */
  readonly source: GrantSource;
  /** What rules let through besides what they approve. */
  readonly terms: PolicyTerms;
  /** Fires when the approval is taken back or expires. */
  readonly signal: AbortSignal;
  /** Told when the open came about. */
  connected(): void;
}

const { hasOwn } = Object;

let mint: (init: GrantInit) => Grant;

/** Proof that one open was approved. Made by the broker; cannot be constructed, cloned, posted or serialised. */
export class Grant {
  readonly #init: GrantInit;
  #spent = false;
  #connected = false;
  #vetted: ReadonlySet<string> = new Set();

  static {
    mint = (init) => new Grant(MINT, init);
  }

  /** @throws {TypeError} always, for everyone but the broker. */
  constructor(token: symbol, init: GrantInit) {
    if (token !== MINT) throw new TypeError("Illegal constructor");
    this.#init = init;
    Object.freeze(this);
  }

  /** Whether a value is a real Grant and not something of the same shape. */
  static isGrant(value: unknown): value is Grant {
    return typeof value === "object" && value !== null && #init in value;
  }

  /** Who was approved. */
  get requester(): Requester {
    return this.#init.requester;
  }

  /** What was asked for. */
  get descriptor(): Descriptor {
    return this.#init.descriptor;
  }

  /** Where to. */
  get destination(): Destination {
    return this.#init.destination;
  }

  /** The TLS terms that were part of what was approved, or null. */
  get tls(): TlsClaims | null {
    return this.#init.descriptor.tls;
  }

  /** How long the approval holds. */
  get lifetime(): Lifetime {
    return this.#init.lifetime;
  }

  /** What decided. */
  get source(): GrantSource {
    return this.#init.source;
  }

  /** What rules let through besides what they approve. */
  get terms(): PolicyTerms {
    return this.#init.terms;
  }

  /** Fires when the approval is taken back or expires; whoever uses the grant stops then. */
  get signal(): AbortSignal {
    return this.#init.signal;
  }

  /**
   * Marks the grant as used. Called by the engine at the start of the one open it serves.
   *
   * @throws {ParleyError} `PERM_SPENT` the second time, `PERM_REVOKED` when the approval is gone.
   */
  spend(): void {
    if (this.#init.signal.aborted) {
      throw new ParleyError("PERM_REVOKED", "Cannot use the permission: it was taken back");
    }
    if (this.#spent) throw new ParleyError("PERM_SPENT", "Cannot use the permission: it was used already");
    this.#spent = true;
  }

  /** Whether the open that it served came about; only then does the approval include reconnection (NET-11). */
  get connected(): boolean {
    return this.#connected;
  }

  /** Notes that the open came about. Called by the engine. */
  markConnected(): void {
    if (!this.#spent) return;
    this.#connected = true;
    this.#init.connected();
  }

  /**
   * Judges the addresses the destination resolved to, all or none (NET-14), and remembers them as the only ones that
   * `covers` accepts from then on. The rule that decided may say where its names lead besides; an answer to a question never
   * does.
   *
   * @param addresses Every address of the answer.
   * @param surroundings Where this machine is; needed for names only.
   * @returns The same addresses.
   * @throws {ParleyError} `PERM_ADDRESS` if any of them may not be reached under this name.
   */
  vet(addresses: readonly IpAddress[], surroundings: Surroundings = UNKNOWN_SURROUNDINGS): readonly IpAddress[] {
    const { destination, terms } = this.#init;
    const { own, byMulticast } = surroundings;
    const vetted = vetAddresses(destination.host, addresses, {
      own,
      byMulticast,
      blocks: terms.addresses,
      refused: hasOwn(terms, "refused") ? terms.refused ?? [] : [],
    });
    this.#vetted = new Set(vetted.map(addressKey));
    return vetted;
  }

  /**
   * Whether the grant reaches an address and port. Asked before every connect, and of the address that a connection by
   * name ended at.
   */
  covers(address: IpAddress | string, port: number): boolean {
    if (this.#init.signal.aborted || port !== this.#init.destination.port) return false;
    const parsed = typeof address === "string" ? parseIpAddress(address) : address;
    return parsed !== null && this.#vetted.has(addressKey(parsed));
  }

  /**
   * Refuses: a grant is not data.
   *
   * @throws {TypeError} always.
   */
  toJSON(): never {
    throw new TypeError("Cannot serialise a Grant");
  }
}

const MINT: unique symbol = Symbol("mint");

function addressKey(address: IpAddress): string {
  return address.zone === null ? address.text : `${address.text}%${address.zone}`;
}

/** Makes a grant. For `permissions/broker.ts` alone; the layer check holds everyone else to it. */
export function mintGrant(init: GrantInit): Grant {
  return mint(init);
}
