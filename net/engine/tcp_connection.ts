/**
 * One TCP connection as every face needs it: two independent stream sides over a link, what happens when they end, the
 * upgrade to TLS, and release. Owns the states; system calls are the link's.
 *
 * `open` → one side ended → `closed` (both ended, or closed, reset or revoked); or `open` → `upgraded`.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import type { ByteLink, SocketAddress, TlsTerms } from "../port.ts";
import type { EngineHost } from "./engine_host.ts";
import { Counters } from "./inventory.ts";
import { PlaintextLimit } from "./plaintext_limit.ts";
import { ReadableHalf } from "./readable_half.ts";
import { type SecuredLink, secureLink, type TlsInfo } from "./tls_handshake.ts";
import { type LinkTimeouts, TimedLink, timedLink } from "./timed_link.ts";
import { WritableHalf } from "./writable_half.ts";

/** What a connection is made of. */
export interface TcpConnectionInit {
  /** The bytes. */
  readonly link: ByteLink;
  /** The approval it was opened with. */
  readonly grant: Grant;
  /** The network, for the upgrade, and the list of what is open. */
  readonly host: EngineHost;
  /** What is known of the encryption, or null for plaintext. */
  readonly tls: TlsInfo | null;
  /** Breaks the connection off: the script's own signal, or the grant's when the approval is taken back. */
  readonly signal: AbortSignal;
  /** Limits of time for the program's bytes. */
  readonly timeouts: LinkTimeouts;
  /** What has passed already, before an upgrade. */
  readonly counters?: Counters;
  /** Told of the connection that takes over after an upgrade, before this one counts as closed. */
  readonly upgraded?: ((connection: TcpConnection) => void) | undefined;
  /** The operator's keys of far ends, for an upgrade; none by default. */
  readonly keys?: PeerKeys | null;
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
  /** The bytes of the program, with its limits of time. */
  readonly #link: ByteLink;
  readonly #counters: Counters;
  readonly #takeOut: () => void;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #state: "open" | "upgraded" | "closed" = "open";
  #firstError: unknown = null;
  /** Why it broke; null while it is open, and after an orderly end. */
  #failure: unknown = null;

  /** @param init What it is made of. */
  constructor(init: TcpConnectionInit) {
    this.#init = init;
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Nobody has to look at `closed`.
    this.closed.catch(() => {});
    const { toFaceError, copyWrites, signal, host, timeouts, counters = new Counters() } = init;
    const link = timedLink(init.link, host.clock, timeouts);
    this.#link = link;
    this.#counters = counters;
    const onReadEnd = (error: unknown): void => this.#readableEnded(error);
    this.#readable = new ReadableHalf(link, { toFaceError, counters, onEnd: onReadEnd });
    const onWriteEnd = (error: unknown): void => this.#sideEnded(error);
    this.#writable = new WritableHalf(link, { toFaceError, copyWrites, counters, onEnd: onWriteEnd });
    this.#takeOut = this.#enter();
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

  /** What has passed, over an upgrade too. */
  get counters(): Readonly<Counters> {
    return this.#counters;
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
   * @throws {ParleyError} `ARG_INVALID` when the connection is in no state for an upgrade (nothing is closed then), or what
   * broke it before; `TLS_LEFTOVER` when plaintext had arrived that nobody read; any code of `secureLink`.
   */
  startTls(terms: TlsTerms, signal: AbortSignal): Promise<TcpConnection> {
    const { grant, host, signal: asking } = this.#init;
    const keys = Object.hasOwn(this.#init, "keys") ? this.#init.keys : null;
    const secure = (link: ByteLink, both: AbortSignal): Promise<SecuredLink> =>
      secureLink(host.net, grant, { link, terms, signal: both, keys, asking });
    return this.upgrade(secure, signal);
  }

  /**
   * Upgrades the connection; {@linkcode startTls} for either side of the handshake.
   *
   * @param secure Makes the handshake. It closes the link when it fails.
   * @param signal Ends the attempt.
   * @throws {ParleyError} as {@linkcode startTls}.
   */
  async upgrade(
    secure: (link: ByteLink, signal: AbortSignal) => Promise<SecuredLink>,
    signal: AbortSignal,
  ): Promise<TcpConnection> {
    this.#requireUpgradable();
    const { link, toFaceError } = this.#init;
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
    const life = AbortSignal.any([signal, this.#init.signal]);
    try {
      if (this.#link instanceof TimedLink) this.#link.release();
      if (link instanceof PlaintextLimit) link.lift();
      const secured = await secure(link, life);
      const upgraded = new TcpConnection({
        ...this.#init,
        link: secured.link,
        tls: secured.info,
        counters: this.#counters,
      });
      this.#init.upgraded?.(upgraded);
      this.#resolveClosed();
      return upgraded;
    } catch (error) {
      // A back end may report an abort in its own words; the reason is what counts.
      const failure = life.aborted ? abortError(life.reason) : error;
      this.#rejectClosed(toFaceError(failure));
      throw failure;
    }
  }

  #enter(): () => void {
    const { host, grant, link, tls } = this.#init;
    const kind = tls !== null ? "tls" : link.remote.address.startsWith("/") ? "unix" : "tcp";
    const { local, remote } = link;
    return host.inventory.add({ kind, grant, local, remote, counters: this.#counters }, host.clock.nowMs());
  }

  #requireUpgradable(): void {
    // What broke it tells more than that it is closed.
    if (this.#failure !== null) throw this.#failure;
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
    this.#takeOut();
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
    this.#failure = error;
    this.#stopListening();
    this.#takeOut();
    if (options.reset === true) this.#link.reset();
    else this.#link.close();
    if (error === null) this.#resolveClosed();
    else this.#rejectClosed(this.#init.toFaceError(error));
  }
}
