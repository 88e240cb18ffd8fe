/** The writable side of a datagram socket: one message at a time, done when the system has taken it (DS-45, DS-47). */
import { onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { OutgoingDatagram } from "./udp_message.ts";

/** What the writable side needs of the socket. */
export interface DatagramWritableInit {
  /** Converts what the program writes; throws `TypeError`. */
  toDatagram(chunk: unknown): OutgoingDatagram;
  /** Sends; undefined when the system took it at once. */
  send(datagram: OutgoingDatagram, signal: AbortSignal): Promise<void> | undefined;
  /** Translates a failure into what the face throws. */
  toFaceError(error: unknown): unknown;
  /** The stream ended: null after close, else why. Called once. */
  onEnd(error: unknown): void;
}

/** A `WritableStream` of messages. */
export class DatagramWritable {
  /** The stream. A chunk is accepted when the system has taken it. */
  readonly stream: WritableStream<unknown>;
  readonly #init: DatagramWritableInit;
  #controller!: WritableStreamDefaultController;
  #rejectWrite: ((reason: unknown) => void) | null = null;
  #ended = false;

  /** @param init What it needs. */
  constructor(init: DatagramWritableInit) {
    this.#init = init;
    this.stream = new WritableStream<unknown>({
      start: (controller) => {
        this.#controller = controller;
        // Without this an abort would wait for a write that waits for its turn.
        onAbort(controller.signal, () => this.#rejectWrite?.(controller.signal.reason));
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#end(null),
      abort: (reason) => this.#end(reason ?? new ParleyError("NET_ABORTED", "Cannot write: the stream was aborted")),
    }, { highWaterMark: 1 });
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the stream from outside: the pending and later writes reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    const faceError = this.#init.toFaceError(error);
    this.#controller.error(faceError);
    this.#rejectWrite?.(faceError);
    this.#end(error);
  }

  #write(chunk: unknown): Promise<void> | undefined {
    let datagram: OutgoingDatagram;
    try {
      datagram = this.#init.toDatagram(chunk);
    } catch (error) {
      this.#end(error);
      throw error;
    }
    const sent = this.#init.send(datagram, this.#controller.signal);
    return sent === undefined ? undefined : this.#settled(sent);
  }

  /** As the promise of the sender, but an abort need not wait for it. */
  #settled(sent: Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#rejectWrite = reject;
      sent.then(() => {
        this.#rejectWrite = null;
        resolve();
      }, (error) => {
        this.#rejectWrite = null;
        reject(this.#init.toFaceError(error));
        this.#end(error);
      });
    });
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#init.onEnd(error);
  }
}
