/** The bytes that go one way in a run of the fault matrix, and what became of them. */
import { SeededRandom } from "../../../runtime/memory/seeded_random.ts";

/** More than any run sends one way, and no stretch of it occurs twice. */
const PATTERN: Uint8Array = randomBytes(1024 * 1024);
/** How far a byte is looked for that came in the place of another. */
const SEARCHED = 70_000;
/** Bytes that are compared to find where something that does not belong comes from. */
const PROBE = 8;

/** One direction of a connection. */
export class Traffic {
  /** Bytes handed over for sending. */
  sent = 0;
  /** Bytes whose sending was reported as done. */
  accepted = 0;
  /** Bytes received, each of them the one that was due. */
  received = 0;
  /** Whether the sender ended it in order, and was told so. */
  finished = false;
  /** Whether the receiver gave up a read that may have got something, and not enough: an end would take that along. */
  forfeited = false;
  /** Whether the receiver saw an orderly end. */
  ended = false;
  /** The first byte that was not the one that was due, in words; null while there is none. */
  disorder: string | null = null;
  readonly #name: string;
  readonly #base: number;

  /**
   * @param name For messages.
   * @param base Where in the pattern its bytes begin.
   */
  constructor(name: string, base: number) {
    this.#name = name;
    this.#base = base;
  }

  /** The next bytes to send: a copy. */
  next(length: number): Uint8Array<ArrayBuffer> {
    const begin = this.#base + this.sent;
    this.sent += length;
    return PATTERN.slice(begin, begin + length);
  }

  /** Compares what was received with what was due. */
  take(bytes: Uint8Array): void {
    const begin = this.#base + this.received;
    for (let index = 0; index < bytes.byteLength; index++) {
      if (bytes[index] === PATTERN[begin + index]) continue;
      this.disorder ??= `byte ${this.received + index} of the ${this.#name} is not the one that was sent: ` +
        this.#origin(bytes.subarray(index, index + PROBE), begin + index);
      break;
    }
    this.received += bytes.byteLength;
  }

  /** For a report. */
  toString(): string {
    const { sent, accepted, received, finished, ended } = this;
    const ends = `${finished ? ", finished" : ""}${ended ? ", ended" : ""}`;
    return `${this.#name}: ${sent} sent, ${accepted} accepted, ${received} received${ends}`;
  }

  #origin(found: Uint8Array, due: number): string {
    for (let at = Math.max(0, due - SEARCHED); at < due + SEARCHED; at++) {
      if (found.every((byte, index) => byte === PATTERN[at + index])) {
        return at > due ? `${at - due} bytes are lost` : `${due - at} bytes are doubled, or late`;
      }
    }
    return "it comes from nowhere";
  }
}

function randomBytes(length: number): Uint8Array {
  const random = new SeededRandom(1);
  return Uint8Array.from({ length }, () => random.word() >>> 24);
}
