/**
 * One datagram socket as every face needs it: messages in and out, as streams and one by one, what happens when a side ends,
 * and release. Owns the states; system calls are the link's, decisions and limits the sender's.
 *
 * `open` → one side ended → `closed` (both ended, or closed, or revoked).
 */
import { abortError, onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { DatagramLink } from "../../datagram_port.ts";
import type { SocketAddress } from "../../port.ts";
import type { EngineHost } from "../engine_host.ts";
import type { Counters } from "../inventory.ts";
import type { DatagramQueue } from "./datagram_queue.ts";
import { DatagramReadable } from "./datagram_readable.ts";
import type { DatagramSender } from "./datagram_sender.ts";
import { DatagramWritable } from "./datagram_writable.ts";
import type { ErrorReports } from "./error_reports.ts";
import type { OutgoingDatagram, UdpMessage } from "./udp_message.ts";

/** Bytes of the largest datagram: what an IPv4 packet holds. */
export const MAX_DATAGRAM_BYTES: number = 65_507;

/** What a socket is made of. */
export interface UdpSocketInit<Message extends UdpMessage> {
  /** What it is, for the list of open sockets. */
  readonly kind: "udp" | "udp-bound";
  /** The system's socket. */
  readonly link: DatagramLink;
  /** The one peer, or null. */
  readonly remote: SocketAddress | null;
  /** The approval it was opened with. */
  readonly grant: Grant;
  /** Time, and the list of what is open. */
  readonly host: EngineHost;
  /** What has arrived. */
  readonly queue: DatagramQueue<Message>;
  /** Sends. */
  readonly sender: DatagramSender;
  /** What passes. */
  readonly counters: Counters;
  /** Errors that ended nothing. */
  readonly reports: ErrorReports;
  /** Breaks the socket off: the script's own signal, or the grant's when the approval is taken back. */
  readonly signal: AbortSignal;
  /** Converts what is written to the stream; throws `TypeError`. */
  toDatagram(chunk: unknown): OutgoingDatagram;
  /** Translates what goes wrong with the streams and `closed` into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
}

/** A datagram socket. Made by `openUdp` and `bindUdp`. */
export class UdpSocket<Message extends UdpMessage> {
  /** Settles when both sides have ended: fulfilled after orderly ends, else rejected with the face's error. */
  readonly closed: Promise<void>;
  readonly #init: UdpSocketInit<Message>;
  readonly #readable: DatagramReadable<Message>;
  readonly #writable: DatagramWritable;
  readonly #stopListening: () => void;
  readonly #takeOut: () => void;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #isOpen = true;
  #firstError: unknown = null;
  #brokenBy: unknown = null;

  /** @param init What it is made of. */
  constructor(init: UdpSocketInit<Message>) {
    this.#init = init;
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Nobody has to look at `closed`.
    this.closed.catch(() => {});
    const { queue, sender, signal, toDatagram, toFaceError } = init;
    const onEnd = (error: unknown): void => this.#sideEnded(error);
    this.#readable = new DatagramReadable(queue, { toFaceError, onEnd });
    const send = (datagram: OutgoingDatagram, abort: AbortSignal): Promise<void> | undefined =>
      sizeRefusal(datagram) ?? sender.send(datagram, abort);
    this.#writable = new DatagramWritable({ toDatagram, send, toFaceError, onEnd });
    this.#takeOut = this.#enter();
    const abort = (): void => this.destroy(abortError(signal.reason));
    this.#stopListening = onAbort(signal, abort);
    if (signal.aborted) abort();
  }

  /** Messages from outside. Not a byte stream: each chunk is one datagram. */
  get readable(): ReadableStream<Message> {
    return this.#readable.stream;
  }

  /** Messages to be sent, one at a time. */
  get writable(): WritableStream<unknown> {
    return this.#writable.stream;
  }

  /** The one peer, or null. */
  get remote(): SocketAddress | null {
    return this.#init.remote;
  }

  /** This end. */
  get local(): SocketAddress {
    return this.#init.link.local;
  }

  /** The approval the socket was opened with. */
  get grant(): Grant {
    return this.#init.grant;
  }

  /** What has passed. */
  get counters(): Readonly<Counters> {
    return this.#init.counters;
  }

  /** Errors so far that ended nothing, such as ICMP messages. */
  get errors(): number {
    return this.#init.reports.count;
  }

  /** What waits to be taken. */
  get queued(): number {
    return this.#init.queue.length;
  }

  /** Size of the system's send buffer in bytes, or null where the runtime cannot tell. */
  get sendBufferSize(): number | null {
    return this.#init.link.sendBufferSize;
  }

  /** Size of the system's receive buffer in bytes, or null where the runtime cannot tell. */
  get receiveBufferSize(): number | null {
    return this.#init.link.receiveBufferSize;
  }

  /** Whether the socket can still be used in one direction at least. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether a stream is in use by a reader, writer or pipe. */
  get locked(): boolean {
    return this.#readable.stream.locked || this.#writable.stream.locked;
  }

  /**
   * Sends a datagram without the stream.
   *
   * @param datagram The datagram. Its bytes must not change until this settles.
   * @param signal Gives up what has not been handed to the system; null for none.
   * @returns Resolves once the system has taken it; undefined when it took it at once.
   * @throws {ParleyError} as rejection, untranslated: `NET_MESSAGE_SIZE`, `NET_CLOSED`, `NET_ABORTED`, `NET_UNREACHABLE` or
   * another `NET_`, `PERM_` or `DEST_` code. The socket goes on.
   */
  send(datagram: OutgoingDatagram, signal: AbortSignal | null): Promise<void> | undefined {
    if (this.#writable.ended) return Promise.reject(this.#brokenBy ?? closedForSending());
    return sizeRefusal(datagram) ?? this.#init.sender.send(datagram, signal);
  }

  /**
   * Takes the next message without the stream. Whoever asks first, here or by the stream, gets it.
   *
   * @returns The message; null when the socket was closed, or its stream cancelled.
   * @throws {ParleyError} untranslated, when the socket was broken off.
   */
  receive(): Promise<Message | null> {
    return this.#init.queue.next();
  }

  /**
   * Ends receiving and sending and releases the descriptor, whether or not the streams are locked. Closing again does
   * nothing.
   *
   * @returns The `closed` promise.
   */
  close(): Promise<void> {
    if (!this.#isOpen) return this.closed;
    const gone = new ParleyError("NET_CLOSED", "Cannot use the socket: it was closed");
    this.#release(null, gone);
    if (this.#readable.stream.locked) this.#readable.fail(gone);
    else this.#readable.finish();
    this.#writable.fail(gone);
    return this.closed;
  }

  /**
   * Breaks the socket off because of a failure: both streams and `closed` reject.
   *
   * @param error Why.
   */
  destroy(error: unknown): void {
    if (!this.#isOpen) return;
    this.#brokenBy = error;
    this.#release(this.#firstError ?? error, error);
    this.#readable.fail(error);
    this.#writable.fail(error);
  }

  #enter(): () => void {
    const { host, kind, grant, link, remote, counters } = this.#init;
    return host.inventory.add({ kind, grant, local: link.local, remote, counters }, host.clock.nowMs());
  }

  #sideEnded(error: unknown): void {
    this.#firstError ??= error;
    if (!this.#readable.ended || !this.#writable.ended) return;
    this.#release(
      this.#firstError,
      new ParleyError("NET_CLOSED", "Cannot use the socket: both its streams have ended"),
    );
  }

  /** Closes with an outcome, null for one in order; what waits is refused with the error. */
  #release(outcome: unknown, error: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopListening();
    this.#takeOut();
    const { link, queue, sender, toFaceError } = this.#init;
    link.close();
    queue.end(outcome === null ? null : error);
    sender.end(error);
    if (outcome === null) this.#resolveClosed();
    else this.#rejectClosed(toFaceError(outcome));
  }
}

function closedForSending(): ParleyError {
  return new ParleyError("NET_CLOSED", "Cannot send: the socket was closed for sending");
}

function sizeRefusal({ bytes }: OutgoingDatagram): Promise<never> | null {
  if (bytes.byteLength <= MAX_DATAGRAM_BYTES) return null;
  return Promise.reject(
    new ParleyError(
      "NET_MESSAGE_SIZE",
      `Cannot send ${bytes.byteLength} bytes: a datagram holds ${MAX_DATAGRAM_BYTES}`,
    ),
  );
}
