/** Standard input for one connection after another: what one did not take is there for the next. */
import type { Clock, Timer } from "../core/clock.ts";

/** The input as one connection sees it. */
export interface InputPart {
  /** Bytes until the input ends or this part does. */
  readonly stream: ReadableStream<Uint8Array>;
  /**
   * Ends this part once the input has had nothing for a while. What comes later is for the next.
   *
   * @param quietMs For how many milliseconds.
   */
  windDown(quietMs: number): void;
}

type Chunk = ReadableStreamReadResult<Uint8Array>;

/** An input that is read by several, one after another. */
export class SharedInput {
  readonly #open: () => ReadableStream<Uint8Array>;
  readonly #clock: Clock;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  /** The read under way, or a chunk that nobody has taken. */
  #next: Promise<Chunk> | null = null;

  /**
   * @param open Opens the input; called at the first read.
   * @param clock Time.
   */
  constructor(open: () => ReadableStream<Uint8Array>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The input for one connection; the one before must be over. */
  part(): InputPart {
    let quietMs: number | null = null;
    let timer: Timer | null = null;
    /** Ends the wait for a chunk; null when nobody waits. */
    let giveUp: (() => void) | null = null;
    const watch = (): void => {
      if (quietMs !== null && giveUp !== null) timer ??= this.#clock.after(quietMs, giveUp);
    };
    const next = (): Promise<Chunk | null> =>
      new Promise((resolve, reject) => {
        giveUp = () => resolve(null);
        this.#read().then(resolve, reject);
        watch();
      });
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await next();
        giveUp = null;
        timer?.cancel();
        timer = null;
        if (chunk === null || chunk.done) return controller.close();
        // Throws when this part was cancelled meanwhile; then the chunk stays.
        controller.enqueue(chunk.value);
        this.#next = null;
      },
      cancel: () => giveUp?.(),
    }, { highWaterMark: 0 });
    return {
      stream,
      windDown: (delayMs) => {
        quietMs = delayMs;
        watch();
      },
    };
  }

  #read(): Promise<Chunk> {
    this.#reader ??= this.#open().getReader();
    return this.#next ??= this.#reader.read();
  }
}
