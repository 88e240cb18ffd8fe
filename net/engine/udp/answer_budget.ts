/**
 * What a bound socket may answer without a question: whoever wrote to it gets back at most three times the bytes of the last
 * 10 s (NET-27). So a device that calls in is served, and a forged sender is no target worth forging.
 */
import type { Clock } from "../../../core/clock.ts";
import { classifyAddress, parseIpAddress } from "../../../core/ip_address.ts";
import type { DatagramAddress } from "../../datagram_port.ts";
import { RecentTable } from "./address_table.ts";

/** Bytes of answer for each byte received. */
export const ANSWER_FACTOR: number = 3;
/** Seconds that a received byte counts. */
export const ANSWER_WINDOW_S: number = 10;
/** Senders that are remembered; past it the one that was heard first is forgotten. */
export const MAX_SENDERS: number = 4096;

/** What one sender may be answered: bytes, one slot for each second of the window. */
class Sender {
  readonly to: DatagramAddress;
  readonly #slots: number[] = new Array(ANSWER_WINDOW_S).fill(0);
  #second: number;
  /** Found out with the first answer: a flood of senders costs no classification. */
  #answerable: boolean | null = null;

  constructor(to: DatagramAddress, second: number) {
    this.to = to;
    this.#second = second;
  }

  get isAnswerable(): boolean {
    return this.#answerable ??= isSingleHost(this.to);
  }

  credit(bytes: number, second: number): void {
    this.#turn(second);
    const slot = second % ANSWER_WINDOW_S;
    this.#slots[slot] = (this.#slots[slot] ?? 0) + bytes;
  }

  isHeard(second: number): boolean {
    this.#turn(second);
    return this.#slots.some((bytes) => bytes > 0);
  }

  /** Takes the bytes from the oldest slots, if there are enough. */
  spend(bytes: number, second: number): boolean {
    this.#turn(second);
    if (this.#slots.reduce((sum, one) => sum + one, 0) < bytes) return false;
    let left = bytes;
    for (let age = ANSWER_WINDOW_S - 1; age >= 0 && left > 0; age--) {
      const slot = (second - age + ANSWER_WINDOW_S) % ANSWER_WINDOW_S;
      const taken = Math.min(left, this.#slots[slot] ?? 0);
      this.#slots[slot] = (this.#slots[slot] ?? 0) - taken;
      left -= taken;
    }
    return true;
  }

  /** Empties the slots of seconds that have left the window. */
  #turn(second: number): void {
    const passed = Math.min(second - this.#second, ANSWER_WINDOW_S);
    for (let step = 1; step <= passed; step++) this.#slots[(this.#second + step) % ANSWER_WINDOW_S] = 0;
    this.#second = second;
  }
}

/** The senders of one socket and what each may be answered. */
export class AnswerBudget {
  readonly #clock: Clock;
  readonly #senders = new RecentTable<Sender>(MAX_SENDERS);

  /** @param clock Measures the window. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that a datagram came. An empty one counts as a byte, here and below. */
  heard({ address, port }: DatagramAddress, byteLength: number): void {
    const second = this.#second();
    let sender = this.#senders.get(address, port);
    if (sender === undefined) {
      // A copy: a back end may use one object for all senders.
      const to = Object.freeze({ address, port });
      this.#senders.set(to, sender = new Sender(to, second));
    }
    sender.credit(ANSWER_FACTOR * Math.max(1, byteLength), second);
  }

  /** Whether a sender was heard in the last 10 s, and may be answered still. */
  hasHeard({ address, port }: DatagramAddress): boolean {
    return this.#senders.get(address, port)?.isHeard(this.#second()) ?? false;
  }

  /**
   * Takes the bytes of an answer out of what the sender may get.
   *
   * @returns Where to send it, or null when it is more than that.
   */
  take(to: DatagramAddress, byteLength: number): DatagramAddress | null {
    const sender = this.#senders.get(to.address, to.port);
    if (sender === undefined || !sender.isAnswerable) return null;
    return sender.spend(Math.max(1, byteLength), this.#second()) ? sender.to : null;
  }

  #second(): number {
    return Math.floor(this.#clock.monotonicMs() / 1000);
  }
}

/** A forged sender may be a group, or every machine of a network, or no place at all. */
function isSingleHost({ address, port }: DatagramAddress): boolean {
  const parsed = parseIpAddress(address);
  if (parsed === null || port === 0) return false;
  const addressClass = classifyAddress(parsed);
  return addressClass !== "multicast" && addressClass !== "broadcast" && addressClass !== "unspecified";
}
