/** NET-25: a connection that may be used only through TLS lets 4 KiB pass each way before the upgrade, for 10 s. */
import type { Clock, Timer } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../port.ts";

/** Bytes that may pass each way before the upgrade: enough for every STARTTLS dialogue. */
export const MAX_PLAINTEXT_BYTES: number = 4096;
/** Milliseconds until the upgrade must have happened. */
export const UPGRADE_DEADLINE_MS: number = 10_000;

/** A link that limits what passes until it is lifted by the upgrade. */
export class PlaintextLimit implements ByteLink {
  readonly #link: ByteLink;
  readonly #timer: Timer;
  #received = 0;
  #sent = 0;
  #lifted = false;
  #failure: ParleyError | null = null;

  /**
   * @param link The plaintext link.
   * @param clock Measures the deadline, from now.
   */
  constructor(link: ByteLink, clock: Clock) {
    this.#link = link;
    this.#timer = clock.after(UPGRADE_DEADLINE_MS, () => {
      this.#failure = requiredError(`within ${UPGRADE_DEADLINE_MS / 1000} s`);
      this.#link.reset();
    }, { keepAlive: false });
  }

  /** Ends the limit: called when the upgrade begins. */
  lift(): void {
    this.#lifted = true;
    this.#timer.cancel();
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
  async read(view: Uint8Array): Promise<number> {
    const length = await this.#named(this.#link.read(view));
    this.#received += length;
    this.#check(this.#received);
    return length;
  }

  /** Reads a chunk; see {@linkcode ByteLink.readChunk}. */
  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = await this.#named(this.#link.readChunk());
    this.#received += chunk?.byteLength ?? 0;
    this.#check(this.#received);
    return chunk;
  }

  /** Writes bytes; see {@linkcode ByteLink.write}. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#sent += bytes.byteLength;
    this.#check(this.#sent);
    await this.#named(Promise.resolve(this.#link.write(bytes)));
  }

  /** Ends the writing direction; see {@linkcode ByteLink.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Releases the link. */
  close(): void {
    this.#timer.cancel();
    this.#link.close();
  }

  /** Breaks the link off. */
  reset(): void {
    this.#timer.cancel();
    this.#link.reset();
  }

  /** Gives a failure that a limit caused its right name. */
  async #named<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  #check(passed: number): void {
    if (this.#lifted || passed <= MAX_PLAINTEXT_BYTES) return;
    this.#failure ??= requiredError(`before ${MAX_PLAINTEXT_BYTES} bytes had passed`);
    this.reset();
    throw this.#failure;
  }
}

function requiredError(when: string): ParleyError {
  return new ParleyError("TLS_REQUIRED", `Cannot go on in plaintext: the connection was not upgraded to TLS ${when}`);
}
