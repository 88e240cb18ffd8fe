/**
 * One TCP connection as every face needs it: two independent stream sides over a link, what happens when they end, the
 * upgrade to TLS, and release. Owns the states; system calls are the link's.
 *
 * `open` → one side ended → `closed` (both ended, or closed, reset or revoked); or `open` → `upgraded`.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ByteLink, NetBackend, SocketAddress, TlsTerms } from "../port.ts";
import { PlaintextLimit } from "./plaintext_limit.ts";
import { ReadableHalf } from "./readable_half.ts";
import { secureLink, type TlsInfo } from "./tls_handshake.ts";
import { WritableHalf } from "./writable_half.ts";

/** What a connection is made of. */
export interface TcpConnectionInit {
  /** The bytes. */
  readonly link: ByteLink;
  /** The approval it was opened with. */
  readonly grant: Grant;
  /** The runtime's network, for the upgrade. */
  readonly net: NetBackend;
  /** What is known of the encryption, or null for plaintext. */
  readonly tls: TlsInfo | null;
  /** Breaks the connection off: the script's own signal, or the grant's when the approval is taken back. */
  readonly signal: AbortSignal;
  /** Whether chunks are copied before they are sent (DS-31). */
  readonly copyWrites: boolean;
  /** Translates what goes wrong into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
}

/** A connection. Made by `openTcp`, and by `startTls` from another. */
export class TcpConnection {
  /** Settles when both sides have ended: fulfilled after orderly ends and an upgrade, else rejected with the face's error. */
  readonly closed: Promise<void>;
  readonly #init: TcpConnectionInit;
  readonly #readable: ReadableHalf;
  readonly #writable: WritableHalf;
  readonly #stopListening: () => void;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #state: "open" | "upgraded" | "closed" = "open";
  #firstError: unknown = null;

  /** @param init What it is made of. */
  constructor(init: TcpConnectionInit) {
    this.#init = init;
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Nobody has to look at `closed`.
    this.closed.catch(() => {});
    const { link, toFaceError, copyWrites } = init;
    this.#readable = new ReadableHalf(link, { toFaceError, onEnd: (error) => this.#readableEnded(error) });
    this.#writable = new WritableHalf(link, { toFaceError, copyWrites, onEnd: (error) => this.#sideEnded(error) });
    const { signal } = init;
    const abort = (): void => this.destroy(abortError(signal.reason));
    this.#stopListening = onAbort(signal, abort);
    if (signal.aborted) abort();
  }

  /** Bytes from the far end. A byte stream; ends with the peer's FIN. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable.stream;
  }

  /** Bytes to the far end. Closing it sends FIN, and reading goes on. */
  get writable(): WritableStream<BufferSource> {
    return this.#writable.stream;
  }

  /** The far end. */
  get remote(): SocketAddress {
    return this.#init.link.remote;
  }

  /** This end. */
  get local(): SocketAddress {
    return this.#init.link.local;
  }

  /** What is known of the encryption, or null for plaintext. */
  get tls(): TlsInfo | null {
    return this.#init.tls;
  }

  /** The approval the connection was opened with. */
  get grant(): Grant {
    return this.#init.grant;
  }

  /** Whether a stream is in use by a reader, writer or pipe. */
  get locked(): boolean {
    return this.#readable.stream.locked || this.#writable.stream.locked;
  }

  /**
   * Ends reading and writing and releases the descriptor, whether or not the streams are locked. What `write` had
   * settled for was given to the system and is still delivered. Closing again does nothing.
   *
   * @returns The `closed` promise.
   */
  close(): Promise<void> {
    if (this.#state !== "open") return this.closed;
    this.#release(null);
    const gone = new ParleyError("NET_CLOSED", "Cannot use the connection: it was closed");
    if (this.#readable.stream.locked) this.#readable.fail(gone);
    else void this.#readable.stream.cancel().catch(() => {});
    // A stream's own abort() would wait for a write under way; failing it does not.
    this.#writable.fail(gone);
    return this.closed;
  }

  /**
   * Breaks the connection off because of a failure: both streams and `closed` reject.
   *
   * @param error Why.
   */
  destroy(error: unknown): void {
    if (this.#state !== "open") return;
    this.#release(this.#firstError ?? error, { reset: true });
    this.#readable.fail(error);
    this.#writable.fail(error);
  }

  /**
   * Upgrades the connection to TLS. This object and its streams are spent, however it ends; on failure the connection is
   * closed.
   *
   * @param terms The TLS terms, which the grant must have approved.
   * @param signal Ends the attempt.
   * @returns The connection that carries the program's bytes from now on.
   * @throws {ParleyError} `ARG_INVALID` when the connection is in no state for an upgrade (nothing is closed then);
   * `TLS_LEFTOVER` when plaintext had arrived that nobody read; any code of `secureLink`.
   */
  async startTls(terms: TlsTerms, signal: AbortSignal): Promise<TcpConnection> {
    this.#requireUpgradable();
    const { link, grant, net, toFaceError, copyWrites } = this.#init;
    const life = this.#init.signal;
    const leftover = this.#readable.queuedBytes + link.bufferedBytes;
    if (leftover > 0) {
      const error = new ParleyError(
        "TLS_LEFTOVER",
        `Cannot start TLS: ${leftover} bytes of plaintext have arrived before it`,
      );
      this.destroy(error);
      throw error;
    }
    this.#leaveForUpgrade();
    try {
      if (link instanceof PlaintextLimit) link.lift();
      const secured = await secureLink(net, grant, { link, terms, signal: AbortSignal.any([signal, life]) });
      const upgraded = new TcpConnection({
        link: secured.link,
        grant,
        net,
        tls: secured.info,
        signal: life,
        copyWrites,
        toFaceError,
      });
      this.#resolveClosed();
      return upgraded;
    } catch (error) {
      this.#rejectClosed(toFaceError(error));
      throw error;
    }
  }

  #requireUpgradable(): void {
    const obstacle = this.#upgradeObstacle();
    if (obstacle !== null) throw new ParleyError("ARG_INVALID", `Cannot start TLS: ${obstacle}`);
  }

  #upgradeObstacle(): string | null {
    if (this.#state === "upgraded") return "it was started already";
    if (this.#state === "closed") return "the connection is closed";
    if (this.#init.tls !== null) return "the connection is encrypted already";
    if (this.locked) return "a stream is locked; release its reader or writer first";
    if (this.#readable.ended || this.#writable.ended) return "one direction has ended";
    if (this.#readable.reading) return "a read is still under way";
    return this.#writable.writing ? "a write is still under way" : null;
  }

  #leaveForUpgrade(): void {
    this.#state = "upgraded";
    this.#stopListening();
    const spent = this.#init.toFaceError(
      new ParleyError("NET_CLOSED", "Cannot use the stream: the connection was upgraded to TLS"),
    );
    this.#readable.detach(spent);
    this.#writable.detach(spent);
  }

  #readableEnded(error: unknown): void {
    // After a failed read nothing can be sent either: the connection is gone in both directions.
    if (error !== null) this.#writable.fail(error);
    this.#sideEnded(error);
  }

  #sideEnded(error: unknown): void {
    this.#firstError ??= error;
    if (this.#readable.ended && this.#writable.ended) this.#release(this.#firstError);
  }

  #release(error: unknown, options: { readonly reset?: boolean } = {}): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#stopListening();
    if (options.reset === true) this.#init.link.reset();
    else this.#init.link.close();
    if (error === null) this.#resolveClosed();
    else this.#rejectClosed(this.#init.toFaceError(error));
  }
}
