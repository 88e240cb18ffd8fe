/** A link that is broken off when nothing passes for a while, or when a read takes too long. */
import type { Clock, Timer } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../port.ts";

/** Limits in milliseconds; null for none. */
export interface LinkTimeouts {
  /** Longest time in which no byte passes either way. */
  readonly idleTimeoutMs: number | null;
  /** Longest time that a read waits. */
  readonly readTimeoutMs: number | null;
}

/** No limits. */
export const NO_TIMEOUTS: LinkTimeouts = Object.freeze({ idleTimeoutMs: null, readTimeoutMs: null });

/** Puts limits on a link; the link itself where there are none. */
export function timedLink(link: ByteLink, clock: Clock, limits: LinkTimeouts): ByteLink {
  const { idleTimeoutMs, readTimeoutMs } = limits;
  return idleTimeoutMs === null && readTimeoutMs === null ? link : new TimedLink(link, clock, limits);
}

/** A {@linkcode ByteLink} with limits. One timer looks at what happened since it was set, so that bytes cost no timer. */
export class TimedLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #clock: Clock;
  readonly #limits: LinkTimeouts;
  #idleTimer: Timer | null = null;
  #lastByteMs: number;
  #failure: ParleyError | null = null;

  /**
   * @param link The link.
   * @param clock Measures, from now.
   * @param limits The limits.
   */
  constructor(link: ByteLink, clock: Clock, limits: LinkTimeouts) {
    this.#link = link;
    this.#clock = clock;
    this.#limits = limits;
    this.#lastByteMs = clock.monotonicMs();
    if (limits.idleTimeoutMs !== null) this.#watch(limits.idleTimeoutMs, limits.idleTimeoutMs);
  }

  /** The far end. */
  get remote(): SocketAddress {
    return this.#link.remote;
  }

  /** This end. */
  get local(): SocketAddress {
    return this.#link.local;
  }

  /** Bytes received but not read. */
  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  /** Reads into a view; see {@linkcode ByteLink.read}. */
  read(view: Uint8Array): Promise<number> {
    return this.#reading(this.#link.read(view));
  }

  /** Reads a chunk; see {@linkcode ByteLink.readChunk}. */
  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#reading(this.#link.readChunk());
  }

  /** Writes bytes; see {@linkcode ByteLink.write}. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const written = this.#link.write(bytes);
    if (written === undefined) {
      this.#passed();
      return undefined;
    }
    return written.then(() => this.#passed(), (error) => this.#fail(error));
  }

  /** Ends the writing direction; see {@linkcode ByteLink.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Releases the link. */
  close(): void {
    this.#idleTimer?.cancel();
    this.#link.close();
  }

  /** Breaks the link off. */
  reset(): void {
    this.#idleTimer?.cancel();
    this.#link.reset();
  }

  /** Ends the watch: a handshake takes the link below over, and its silence is for its own deadline to judge. */
  release(): void {
    this.#idleTimer?.cancel();
  }

  async #reading<T>(work: Promise<T>): Promise<T> {
    const { readTimeoutMs } = this.#limits;
    const timer = readTimeoutMs === null
      ? null
      : this.#clock.after(readTimeoutMs, () => this.#expire(`a read had no answer within ${readTimeoutMs} ms`));
    try {
      const result = await work;
      this.#passed();
      return result;
    } catch (error) {
      return this.#fail(error);
    } finally {
      timer?.cancel();
    }
  }

  #passed(): void {
    this.#lastByteMs = this.#clock.monotonicMs();
  }

  #watch(idleTimeoutMs: number, delayMs: number): void {
    this.#idleTimer = this.#clock.after(delayMs, () => {
      const leftMs = this.#lastByteMs + idleTimeoutMs - this.#clock.monotonicMs();
      if (leftMs > 0) this.#watch(idleTimeoutMs, leftMs);
      else this.#expire(`nothing passed for ${idleTimeoutMs} ms`);
    }, { keepAlive: false });
  }

  #expire(state: string): void {
    this.#failure ??= new ParleyError("NET_TIMEOUT", `Cannot go on with the connection: ${state}`);
    this.reset();
  }

  /** What failed because time was up says so. */
  #fail(error: unknown): never {
    throw this.#failure ?? error;
  }
}
