/**
 * What goes wrong on a network in memory. A seed decides all of it: the same seed and the same program give the same
 * faults, on every runtime. Every lookup, attempt, link and direction draws from a stream of its own, so that what one does
 * more or less of changes nothing for the others.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { ByteLink } from "../../net/port.ts";
import { type DatagramDelivery, datagramFates } from "./datagram_fates.ts";
import { faultError } from "./fault_error.ts";
import { FaultyLink } from "./faulty_link.ts";
import type { MemoryLink } from "./memory_link.ts";
import { SeededRandom } from "./seeded_random.ts";

/** What may go wrong on a network in memory. What is left out does not. Probabilities are numbers from 0 to 1. */
export interface FaultOptions {
  /** Decides everything that is left to chance: a whole number from 0. Default 1. Errors that a fault causes name it. */
  readonly seed?: number;
  /**
   * Hands what is read and written on in pieces: true for pieces of 1 to 4096 bytes, small ones often; a number for pieces
   * of at most that many bytes, so 1 for single bytes. Default false.
   */
  readonly split?: boolean | number;
  /** The least and the most milliseconds, on the host's clock, that a lookup, an attempt, a piece or a datagram takes. Default none. */
  readonly delayMs?: readonly [number, number];
  /** Probability that a lookup finds nothing. */
  readonly lookupFailure?: number;
  /** Probability that an attempt to connect is refused. */
  readonly refuse?: number;
  /** Probability that an attempt to connect is never answered. */
  readonly blackhole?: number;
  /** Probability that a connection is reset once `afterBytes` have passed in one of its directions. */
  readonly reset?: number;
  /**
   * Probability that the far end finishes once `afterBytes` have come from it: what it sends beyond is lost, and it can
   * still be written to.
   */
  readonly finish?: number;
  /** The least and the most bytes that pass before a `reset` or `finish`. Default 0 to 16,384. */
  readonly afterBytes?: readonly [number, number];
  /** Probability that a datagram is lost. */
  readonly loss?: number;
  /** Probability that a datagram arrives twice. */
  readonly duplicate?: number;
  /** Probability that a datagram is overtaken by later ones. Without it all arrive in order, however delayed. */
  readonly reorder?: number;
}

/** Options with nothing left out. */
export type FaultSettings = Required<FaultOptions>;

/** What becomes of one direction of a link. */
export interface LaneFaults {
  /** How many bytes of at most `most` go on in one piece; at least 1. */
  pieceBytes(most: number): number;
  /** Milliseconds that the next piece takes. */
  delayMs(): number;
}

/** What becomes of one link. */
export interface LinkFaults {
  /** Of the plan, for messages. */
  readonly seed: number;
  /** From the far end. */
  readonly received: LaneFaults;
  /** To the far end. */
  readonly sent: LaneFaults;
  /** Bytes after which it is reset, counted in one direction; or null. */
  readonly reset: { readonly direction: "received" | "sent"; readonly afterBytes: number } | null;
  /** Bytes from the far end after which that finishes, or null. */
  readonly finishAfterBytes: number | null;
}

const PROBABILITIES = [
  "lookupFailure",
  "refuse",
  "blackhole",
  "reset",
  "finish",
  "loss",
  "duplicate",
  "reorder",
] as const;
const RANGES = ["delayMs", "afterBytes"] as const;
/** Pieces have at most 2 to the power of this, unless told otherwise. */
const LARGEST_PIECE_BITS = 12;

const NONE: FaultSettings = Object.freeze<FaultSettings>({
  seed: 1,
  split: false,
  delayMs: [0, 0],
  lookupFailure: 0,
  refuse: 0,
  blackhole: 0,
  reset: 0,
  finish: 0,
  afterBytes: [0, 16 * 1024],
  loss: 0,
  duplicate: 0,
  reorder: 0,
});

/** The faults of one network. Made by {@linkcode createFaultPlan}. */
export class FaultPlan {
  /** Decides everything. */
  readonly seed: number;
  readonly #settings: FaultSettings;
  /** Measures delays. */
  readonly clock: Clock;
  readonly #lookups: SeededRandom;
  readonly #attempts: SeededRandom;
  readonly #links: SeededRandom;
  readonly #flows: SeededRandom;

  /**
   * @param settings What may go wrong, checked.
   * @param clock Measures delays.
   */
  constructor(settings: FaultSettings, clock: Clock) {
    this.seed = settings.seed;
    this.#settings = settings;
    this.clock = clock;
    const random = new SeededRandom(settings.seed);
    this.#lookups = random.fork();
    this.#attempts = random.fork();
    this.#links = random.fork();
    this.#flows = random.fork();
  }

  /**
   * Takes the time of a lookup.
   *
   * @throws {ParleyError} `NET_DNS` when it is to fail; the signal's reason when that fires first.
   */
  async lookUp(host: string, signal: AbortSignal): Promise<void> {
    const random = this.#lookups.fork();
    await this.#pause(random, signal);
    if (random.chance(this.#settings.lookupFailure)) {
      throw faultError("NET_DNS", `Cannot look up ${host}: no answer came`, this.seed);
    }
  }

  /**
   * Takes the time of an attempt to connect.
   *
   * @throws {ParleyError} `NET_REFUSED` when it is to fail; the signal's reason when that fires first.
   */
  async connect(where: string, signal: AbortSignal): Promise<void> {
    const random = this.#attempts.fork();
    const unanswered = random.chance(this.#settings.blackhole);
    const refused = random.chance(this.#settings.refuse);
    await this.#pause(random, signal);
    if (unanswered) await aborted(signal);
    if (refused) throw faultError("NET_REFUSED", `Cannot connect to ${where}: refused`, this.seed);
  }

  /** Puts the faults of a link between its two ends; the one returned stands for `near`. */
  link(ends: { readonly near: MemoryLink; readonly far: MemoryLink }): ByteLink {
    return new FaultyLink({ ...ends, clock: this.clock, faults: this.#linkFaults(this.#links.fork()) });
  }

  /**
   * The fates of datagrams that go one way between two sockets, to be asked for each in the order of sending.
   *
   * @returns Gives the deliveries of a datagram, each with bytes of its own: none when it is lost. A delivery that is due
   * by now needs no timer; others go by the host's clock, timers of one time firing in the order in which they were set.
   */
  datagrams(): (bytes: Uint8Array) => readonly DatagramDelivery[] {
    const { loss, duplicate, reorder, delayMs } = this.#settings;
    const { clock } = this;
    return datagramFates({ random: this.#flows.fork(), clock, loss, duplicate, reorder, delayMs });
  }

  #linkFaults(random: SeededRandom): LinkFaults {
    const { reset, finish, afterBytes } = this.#settings;
    const bytes = (): number => random.integer(...afterBytes);
    // Drawn whether or not they are used: one option changes nothing for the others.
    const direction = random.chance(0.5) ? "received" : "sent";
    const resetAt = { direction, afterBytes: bytes() } as const;
    const finishAfterBytes = bytes();
    return {
      seed: this.seed,
      reset: random.chance(reset) ? resetAt : null,
      finishAfterBytes: random.chance(finish) ? finishAfterBytes : null,
      received: this.#lane(random.fork()),
      sent: this.#lane(random.fork()),
    };
  }

  #lane(random: SeededRandom): LaneFaults {
    const { split, delayMs } = this.#settings;
    const [sizes, delays] = [random.fork(), random.fork()];
    return {
      pieceBytes: (most) => Math.min(most, split === false ? most : pieceBytes(sizes, split)),
      delayMs: () => delays.integer(...delayMs),
    };
  }

  async #pause(random: SeededRandom, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError(signal.reason);
    const delayMs = random.integer(...this.#settings.delayMs);
    if (delayMs > 0) await pause(this.clock, delayMs, signal);
  }
}

/**
 * Makes a plan of faults.
 *
 * @param options What may go wrong.
 * @param clock Measures delays: the clock of the host that the network belongs to.
 * @throws {RangeError} for a probability that is none, a range whose end comes before its beginning, a piece of less than a
 * byte, and a seed that is no whole number.
 */
export function createFaultPlan(options: FaultOptions, clock: Clock): FaultPlan {
  const settings = Object.freeze({ ...NONE, ...options });
  for (const name of PROBABILITIES) {
    const value = settings[name];
    if (!(value >= 0 && value <= 1)) throw new RangeError(`Cannot use ${name}: it is not a probability from 0 to 1`);
  }
  for (const name of RANGES) {
    const [least, most] = settings[name];
    if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 0 || most < least) {
      throw new RangeError(`Cannot use ${name}: it is not a pair of whole numbers from 0, the smaller first`);
    }
  }
  const { split } = settings;
  if (typeof split !== "boolean" && (!Number.isSafeInteger(split) || split < 1)) {
    throw new RangeError("Cannot use split: it is neither a boolean nor a whole number of bytes from 1");
  }
  return new FaultPlan(settings, clock);
}

/** Sizes over all magnitudes: single bytes are as usual as kilobytes. */
function pieceBytes(random: SeededRandom, split: number | true): number {
  return random.integer(1, split === true ? 2 ** random.integer(0, LARGEST_PIECE_BITS) : split);
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      timer.cancel();
      reject(abortError(signal.reason));
    });
  });
}

/** Waits for nothing but the end of the attempt. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(abortError(signal.reason));
    if (signal.aborted) stop();
    else onAbort(signal, stop);
  });
}
