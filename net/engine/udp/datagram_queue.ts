/**
 * Datagrams that have arrived and that nobody has taken yet. UDP cannot make a sender wait, so the queue is bounded: what
 * does not fit is dropped and counted, and a flood costs no memory (NET-27).
 */
import type { Counters } from "../inventory.ts";

/** How much may wait. */
export interface QueueLimits {
  /** Most datagrams, 1 to 65,536. */
  readonly maxDatagrams: number;
  /** Most bytes, 65,507 (the largest datagram) to 67,108,864. */
  readonly maxBytes: number;
}

/** What a program gets when it asks for nothing else: 1,024 datagrams, 1 MiB. */
export const DEFAULT_QUEUE_LIMITS: QueueLimits = Object.freeze({ maxDatagrams: 1024, maxBytes: 1024 * 1024 });

/** Places of the ring at the beginning. It doubles when it is full. */
const FIRST_PLACES = 16;

/** Who waits for a message. Neither call may throw. */
export interface Taker<Message> {
  /** Here it is; null when the queue has ended in order. */
  resolve(message: Message | null): void;
  /** The queue was ended with this error. */
  reject(error: unknown): void;
}

/** A queue of messages, each of which holds the bytes of one datagram. */
export class DatagramQueue<Message extends { readonly data: Uint8Array }> {
  readonly #limits: QueueLimits;
  readonly #counters: Counters;
  #ring: (Message | undefined)[] = new Array(FIRST_PLACES).fill(undefined);
  #first = 0;
  #length = 0;
  #bytes = 0;
  #takers: Taker<Message>[] = [];
  #end: { readonly error: unknown } | null = null;

  /**
   * @param limits How much may wait.
   * @param counters Where what is taken and what is dropped is counted.
   */
  constructor(limits: QueueLimits, counters: Counters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts the newest in, or drops it when the queue is full. */
  push(message: Message): void {
    if (this.#end !== null) return;
    const { byteLength } = message.data;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#count(byteLength);
      taker.resolve(message);
    } else if (this.#length >= this.#limits.maxDatagrams || this.#bytes + byteLength > this.#limits.maxBytes) {
      this.#counters.dropped++;
    } else {
      if (this.#length === this.#ring.length) this.#grow();
      this.#ring[(this.#first + this.#length) % this.#ring.length] = message;
      this.#length++;
      this.#bytes += byteLength;
    }
  }

  /** Takes the oldest; undefined when none is there. */
  take(): Message | undefined {
    if (this.#length === 0) return undefined;
    const message = this.#ring[this.#first] as Message;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#length--;
    this.#bytes -= message.data.byteLength;
    this.#count(message.data.byteLength);
    return message;
  }

  /**
   * Takes the oldest as soon as there is one. Those who wait are served in the order in which they came.
   *
   * @returns The message; null once the queue has ended in order.
   * @throws {ParleyError} what the queue was ended with.
   */
  next(): Promise<Message | null> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve(message);
    const end = this.#end;
    if (end !== null) return end.error === null ? Promise.resolve(null) : Promise.reject(end.error);
    return new Promise((resolve, reject) => void this.#takers.push({ resolve, reject }));
  }

  /**
   * Waits as {@linkcode next} does, but makes no promise. For whoever has found nothing to take.
   *
   * @param taker Called once, in the moment in which a message comes or the queue ends.
   */
  whenNext(taker: Taker<Message>): void {
    if (this.#end === null) this.#takers.push(taker);
    else settle(taker, this.#end);
  }

  /**
   * Ends the queue: what waits is given up, and what comes is ignored.
   *
   * @param error Why, or null for an end in order.
   */
  end(error: unknown): void {
    if (this.#end !== null) return;
    const end = this.#end = { error };
    this.#ring = [];
    this.#length = this.#bytes = 0;
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) settle(taker, end);
  }

  #count(byteLength: number): void {
    this.#counters.received++;
    this.#counters.bytesReceived += byteLength;
  }

  /** Twice the places, the oldest message in the first of them. */
  #grow(): void {
    const ring: (Message | undefined)[] = new Array(this.#ring.length * 2).fill(undefined);
    for (let at = 0; at < this.#length; at++) ring[at] = this.#ring[(this.#first + at) % this.#ring.length];
    this.#ring = ring;
    this.#first = 0;
  }
}

function settle<Message>(taker: Taker<Message>, { error }: { readonly error: unknown }): void {
  if (error === null) taker.resolve(null);
  else taker.reject(error);
}
