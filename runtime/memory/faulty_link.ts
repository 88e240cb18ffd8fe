/**
 * A connection in memory on which things go wrong: in pieces, late, reset, or finished by the far end before its time. It
 * stands before the connecting end; the far end feels it through the pipes.
 */
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { faultError } from "./fault_error.ts";
import type { LinkFaults } from "./faults.ts";
import type { MemoryLink } from "./memory_link.ts";

/** The most that `readChunk` gives at once. */
const CHUNK_BYTES = 64 * 1024;

/** What a faulty link is made of. */
export interface FaultyLinkInit {
  /** The end that it stands for. */
  readonly near: MemoryLink;
  /** The other end. */
  readonly far: MemoryLink;
  /** Measures delays. */
  readonly clock: Clock;
  /** What goes wrong. */
  readonly faults: LinkFaults;
}

/** One end of a connection in memory, with faults. */
export class FaultyLink implements ByteLink {
  /** The far end. */
  readonly remote: SocketAddress;
  /** This end. */
  readonly local: SocketAddress;
  readonly #init: FaultyLinkInit;
  readonly #passed = { received: 0, sent: 0 };
  readonly #asleep = new Set<() => void>();
  #failure: ParleyError | null = null;
  #finished = false;
  #writeEnded = false;

  /** @param init What it is made of. */
  constructor(init: FaultyLinkInit) {
    this.#init = init;
    this.remote = init.near.remote;
    this.local = init.near.local;
    this.#strike();
  }

  /** Bytes received but not read. */
  get bufferedBytes(): number {
    return this.#init.near.bufferedBytes;
  }

  /**
   * Reads a piece into a view; 0 at the end.
   *
   * @throws {RangeError} for an empty view.
   * @throws {ParleyError} `NET_CLOSED` or `NET_RESET`.
   */
  async read(view: Uint8Array): Promise<number> {
    if (view.byteLength === 0) throw new RangeError("Cannot read: the view is empty");
    return await this.#receive(view.subarray(0, this.#room("received", view.byteLength)));
  }

  /** Reads a piece; null at the end. */
  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const memory = new Uint8Array(this.#room("received", CHUNK_BYTES));
    const length = await this.#receive(memory);
    return length === 0 ? null : memory.slice(0, length);
  }

  /**
   * Writes bytes piece by piece, waiting for room.
   *
   * @throws {ParleyError} `NET_CLOSED` or `NET_RESET`.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const { near, faults } = this.#init;
    for (let rest = bytes; rest.byteLength > 0;) {
      await this.#pause(faults.sent.delayMs());
      if (this.#writeEnded) throw closedError();
      const length = this.#room("sent", rest.byteLength);
      await this.#own(near.write(rest.subarray(0, length)));
      rest = rest.subarray(length);
      this.#pass("sent", length);
    }
  }

  /**
   * Ends the writing direction; a write that is still under way ends where it is.
   *
   * @throws {ParleyError} `NET_CLOSED` or `NET_RESET`.
   */
  async closeWrite(): Promise<void> {
    const { near, faults } = this.#init;
    this.#writeEnded = true;
    await this.#pause(faults.sent.delayMs());
    await this.#own(near.closeWrite());
  }

  /** Ends both directions. */
  close(): void {
    this.#end(closedError(), () => this.#init.near.close());
  }

  /** Breaks the connection off. */
  reset(): void {
    this.#end(closedError(), () => this.#init.near.reset());
  }

  async #receive(view: Uint8Array): Promise<number> {
    this.#check();
    if (this.#finished) return 0;
    const { near, faults } = this.#init;
    const length = await this.#own(near.read(view));
    // What has arrived is held back here; a reset or close meanwhile loses it, as a kernel's would.
    await this.#pause(faults.received.delayMs());
    this.#pass("received", length);
    return length;
  }

  /** How much may go on in one piece: no more than up to the next fault. */
  #room(direction: "received" | "sent", most: number): number {
    const { faults } = this.#init;
    const ends = faults.reset?.direction === direction ? [faults.reset.afterBytes] : [];
    if (direction === "received" && faults.finishAfterBytes !== null) ends.push(faults.finishAfterBytes);
    const left = ends.map((end) => end - this.#passed[direction]).filter((bytes) => bytes > 0);
    return faults[direction].pieceBytes(Math.min(most, ...left));
  }

  #pass(direction: "received" | "sent", length: number): void {
    this.#passed[direction] += length;
    if (length > 0) this.#strike();
  }

  #strike(): void {
    const { near, far, faults } = this.#init;
    const { reset, finishAfterBytes } = faults;
    if (this.#failure !== null) return;
    if (finishAfterBytes === this.#passed.received && !this.#finished) {
      this.#finished = true;
      // The far end may have closed by itself.
      far.closeWrite().catch(() => {});
    }
    if (reset !== null && reset.afterBytes === this.#passed[reset.direction]) {
      const error = faultError("NET_RESET", "Cannot go on: the other side broke the connection off", faults.seed);
      this.#end(error, () => near.reset());
    }
  }

  #end(failure: ParleyError, release: () => void): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    release();
    for (const wake of [...this.#asleep]) wake();
  }

  async #pause(delayMs: number): Promise<void> {
    this.#check();
    if (delayMs === 0) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#asleep.delete(wake);
        resolve();
      };
      const timer = this.#init.clock.after(delayMs, wake);
      this.#asleep.add(wake);
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** What fails because this end is over says why it is. */
  async #own<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#failure ?? error;
    }
  }
}

function closedError(): ParleyError {
  return new ParleyError("NET_CLOSED", "Cannot use the connection: it was closed");
}
