/** Who gets in: the sources that may connect, and how many connections there may be, of one source and in all. */
import { type AddressBlock, blockContains, parseIpAddress } from "../../../core/ip_address.ts";
import type { ByteLink, SocketAddress } from "../../port.ts";
import { AcceptedLink } from "./accepted_link.ts";
import type { ServerCounters } from "./server_counters.ts";
import type { ServerTrouble } from "./server_trouble.ts";
import { sourceKey } from "./source_key.ts";

/** The limits of a server. */
export interface AdmissionLimits {
  /** Connections that may be open at the same time; further ones wait in the backlog. */
  readonly maxConnections: number;
  /** Connections of one source that may be open at the same time; further ones are broken off. */
  readonly maxPerSource: number;
  /** Blocks of addresses that may connect, or null for all. */
  readonly allowFrom: readonly AddressBlock[] | null;
}

/** What admission reports to. */
export interface AdmissionEvents {
  /** Where turned-away connections are counted. */
  readonly counters: ServerCounters;
  /** Told of each. */
  onTrouble(trouble: ServerTrouble): void;
}

/** Counts what is open, and lets in or turns away. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #events: AdmissionEvents;
  readonly #bySource = new Map<string, number>();
  #open = 0;
  #waiters: (() => void)[] = [];

  /**
   * @param limits The limits.
   * @param events Where turned-away connections are counted and told.
   */
  constructor(limits: AdmissionLimits, events: AdmissionEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open;
  }

  /** Whether there may be no more for now. */
  get full(): boolean {
    return this.#open >= this.#limits.maxConnections;
  }

  /**
   * Lets a connection in, or breaks it off.
   *
   * @param link The connection.
   * @returns The link to go on with, which is counted until it is closed; null when it was turned away.
   */
  admit(link: ByteLink): AcceptedLink | null {
    const { remote } = link;
    const { counters } = this.#events;
    if (!this.#mayConnect(remote)) {
      counters.filtered++;
      return this.#turnAway(link, { kind: "not-allowed", remote });
    }
    const source = sourceKey(remote);
    const others = source === null ? 0 : this.#bySource.get(source) ?? 0;
    if (others >= this.#limits.maxPerSource) {
      counters.overSourceLimit++;
      return this.#turnAway(link, { kind: "source-limit", remote });
    }
    if (source !== null) this.#bySource.set(source, others + 1);
    this.#open++;
    return new AcceptedLink(link, () => this.#ended(source));
  }

  /** Resolves when the next connection has ended, or `wake` was called. */
  change(): Promise<void> {
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  /** Lets everybody who waits for a change look again. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  #mayConnect({ address: text }: SocketAddress): boolean {
    const { allowFrom } = this.#limits;
    if (allowFrom === null) return true;
    const address = parseIpAddress(text);
    return address !== null && allowFrom.some((block) => blockContains(block, address));
  }

  #turnAway(link: ByteLink, trouble: ServerTrouble): null {
    link.reset();
    this.#events.onTrouble(trouble);
    return null;
  }

  #ended(source: string | null): void {
    this.#open--;
    if (source !== null) {
      const others = (this.#bySource.get(source) ?? 1) - 1;
      if (others > 0) this.#bySource.set(source, others);
      else this.#bySource.delete(source);
    }
    this.wake();
  }
}
