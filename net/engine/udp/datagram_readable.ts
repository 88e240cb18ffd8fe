/** The readable side of a datagram socket: messages, taken from the queue only when somebody reads (DS-50). */
import type { DatagramQueue, Taker } from "./datagram_queue.ts";
import type { UdpMessage } from "./udp_message.ts";

/** What the socket wants to know of its readable side. */
export interface DatagramReadableEvents {
  /** Translates a failure into what the face throws. */
  toFaceError(error: unknown): unknown;
  /** The stream ended: null after cancel, else why. Called once. */
  onEnd(error: unknown): void;
}

/** A `ReadableStream` of messages over a queue. */
export class DatagramReadable<Message extends UdpMessage> {
  /** The stream. Its high-water mark is 0: what nobody reads stays in the queue, which is bounded. */
  readonly stream: ReadableStream<Message>;
  readonly #queue: DatagramQueue<Message>;
  readonly #events: DatagramReadableEvents;
  /** One object for all waiting. */
  readonly #taker: Taker<Message> = {
    resolve: (message) => this.#arrived(message),
    reject: (error) => this.fail(error),
  };
  #controller!: ReadableStreamDefaultController<Message>;
  #waiting = false;
  #ended = false;

  /**
   * @param queue Where messages come from.
   * @param events Told of the end.
   */
  constructor(queue: DatagramQueue<Message>, events: DatagramReadableEvents) {
    this.#queue = queue;
    this.#events = events;
    this.stream = new ReadableStream<Message>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#queue.end(null);
        this.#end(null);
      },
    }, { highWaterMark: 0 });
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the stream in order: reads give `done`. */
  finish(): void {
    if (this.#ended) return;
    this.#controller.close();
    this.#end(null);
  }

  /** Ends the stream from outside: pending and later reads reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(this.#events.toFaceError(error));
    this.#end(error);
  }

  /** Where nothing is there, the stream is not made to wait: what comes goes to it by itself, and it asks again then. */
  #pull(controller: ReadableStreamDefaultController<Message>): void {
    if (this.#waiting) return;
    const message = this.#queue.take();
    if (message !== undefined) return controller.enqueue(message);
    this.#waiting = true;
    this.#queue.whenNext(this.#taker);
  }

  #arrived(message: Message | null): void {
    this.#waiting = false;
    // Whoever ends both tells the stream next what its readers are to hear.
    if (message === null) queueMicrotask(() => this.finish());
    else if (!this.#ended) this.#controller.enqueue(message);
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd(error);
  }
}
