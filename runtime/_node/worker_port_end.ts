/** One end of a channel between threads, which may come later than the first message for it. */
import timers from "node:timers";
import type { MessagePort } from "node:worker_threads";
import type { RealmPort } from "../../permissions/delegation/realm_port.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { setInterval: every, clearInterval: stop, setTimeout: after, clearTimeout: cancel } = timers;

/** The longest time of a timer. */
const LONG_MS = 2 ** 31 - 1;

/** A port whose other end's end is noticed, and that keeps nothing alive by itself. */
export class ThreadPort implements RealmPort {
  readonly #ended: () => void;
  #port: MessagePort | null = null;
  #closed = false;
  #lettingGo: ReturnType<typeof after> | null = null;
  #outgoing: unknown[] = [];
  #incoming: unknown[] = [];
  #message: ((message: unknown) => void) | null = null;
  #onClosed: () => void = () => {};
  #begun: () => void = () => {};

  /**
   * @param port The port, or null when it comes later.
   * @param ended Told once of the end, whichever side it comes from.
   */
  constructor(port: MessagePort | null, ended: () => void = () => {}) {
    this.#ended = ended;
    if (port !== null) this.attach(port);
  }

  /** Takes the port that was awaited. */
  attach(port: MessagePort): void {
    if (this.#closed) return port.close();
    this.#port = port;
    // The web's way of listening, which ports of all three runtimes have, however they came.
    const events = port as unknown as EventTarget & { start(): void };
    events.addEventListener("message", (event) => {
      // Deno forgets with each message that the port keeps nothing alive, once it waits for the next one.
      this.#lettingGo ??= after(() => {
        this.#lettingGo = null;
        letGo(port);
      }, 0);
      this.#received((event as MessageEvent).data);
    });
    events.addEventListener("close", () => this.#end());
    events.start();
    letGo(port);
    for (const message of this.#outgoing.splice(0)) this.post(message);
  }

  /**
   * Waits for the first message.
   *
   * @param withinMs How long at most.
   * @returns False when the port is closed before it, or none comes in time.
   */
  async begun(withinMs: number): Promise<boolean> {
    const release = keepAlive();
    if (this.#incoming.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = after(resolve, withinMs);
        this.#begun = () => {
          cancel(timer);
          resolve();
        };
      });
    }
    release();
    return this.#incoming.length > 0;
  }

  /** Sends a message. */
  post(message: unknown): void {
    if (this.#closed) return;
    if (this.#port === null) this.#outgoing.push(message);
    else this.#port.postMessage(message);
  }

  /** Begins to receive. */
  listen(message: (message: unknown) => void, closed: () => void): void {
    this.#message = message;
    for (const early of this.#incoming.splice(0)) message(early);
    if (this.#closed) closed();
    else this.#onClosed = closed;
  }

  /** Keeps this realm alive for a while. */
  hold(): () => void {
    return keepAlive();
  }

  /** Closes the channel. */
  close(): void {
    this.#port?.close();
    this.#end();
  }

  #received(message: unknown): void {
    if (this.#message !== null) return this.#message(message);
    this.#incoming.push(message);
    this.#begun();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#lettingGo !== null) cancel(this.#lettingGo);
    this.#begun();
    this.#onClosed();
    this.#ended();
  }
}

function letGo(port: MessagePort): void {
  port.ref();
  port.unref();
}

/**
 * Keeps this realm alive: neither a message that is awaited nor a message between threads under way does.
 *
 * @returns The way to let it go.
 */
export function keepAlive(): () => void {
  const timer = every(() => {}, LONG_MS);
  return () => stop(timer);
}
