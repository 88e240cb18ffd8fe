/**
 * Pinned keys, one file each, by host and port (CON-05). What is not valid there is met by no key, so that whoever spoils a
 * file closes the way and opens none.
 */
import type { Clock } from "../../core/clock.ts";
import type { RecordDirectory, StoredRecord } from "../store/record_directory_port.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";
import { formatPin, newPin, parsePin, pinKey, type PinRecord } from "./pin_record.ts";
import { hasOwnKey } from "../own_key.ts";

/** A use is noted once a day. */
const NOTED_MS = 24 * 60 * 60 * 1000;

/** A pin as it stands. */
export interface StoredPin extends PinRecord {
  /** When the key was last met, or else pinned; ms since 1970. */
  readonly lastSeenMs: number;
}

/** What stands where a pin should. */
export interface BrokenPin {
  /** The name of its file, without the ending. */
  readonly name: string;
  /** What is wrong, in words for the operator, unescaped. */
  readonly problem: string;
}

/** The store of pinned keys. Nothing is kept in memory: what the files say holds. */
export class PinStore {
  readonly #directory: RecordDirectory;
  readonly #clock: Clock;

  /**
   * @param directory Where the pins are.
   * @param clock Time.
   */
  constructor(directory: RecordDirectory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Why nothing can be pinned, in words for the operator, unescaped; null when it can. */
  get obstacle(): string | null {
    return this.#directory.obstacle();
  }

  /** The pin of a host and port; null when there is none. Never throws. */
  find(host: string, port: number): StoredPin | BrokenPin | null {
    const name = this.#directory.nameOf(pinKey(host, port));
    const record = this.#directory.read(name);
    return record === null ? null : this.#read(record);
  }

  /** Every pin by host, and what is not valid. */
  list(): { readonly pins: readonly StoredPin[]; readonly broken: readonly BrokenPin[] } {
    const read = this.#directory.load().map((record) => this.#read(record));
    const pins = read.filter((pin): pin is StoredPin => !isBroken(pin));
    return {
      pins: pins.sort((left, right) => pinKey(left.host, left.port) < pinKey(right.host, right.port) ? -1 : 1),
      broken: read.filter(isBroken),
    };
  }

  /**
   * Pins a key, instead of the one that was pinned for the same host and port.
   *
   * @param facts The key, and where it was seen.
   * @param how Whether it stands in place of the certificate checks.
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be written.
   */
  put(facts: PeerKeyFacts, how: { readonly replacesChecks: boolean }): PinRecord {
    const former = this.find(facts.host, facts.port);
    const known = former === null || isBroken(former) ? null : former;
    const pin = newPin(facts, { former: known, nowMs: this.#clock.nowMs(), ...how });
    this.#directory.put(this.#directory.nameOf(pinKey(pin.host, pin.port)), formatPin(pin));
    return pin;
  }

  /**
   * Forgets the pin of a host and port, valid or not.
   *
   * @returns Whether there was one.
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be removed.
   */
  remove(host: string, port: number): boolean {
    return this.#directory.remove(this.#directory.nameOf(pinKey(host, port)));
  }

  /** Notes that a pinned key was met. Never throws. */
  met(host: string, port: number): void {
    const name = this.#directory.nameOf(pinKey(host, port));
    const record = this.#directory.read(name);
    const atMs = this.#clock.nowMs();
    if (record === null || record.text === null || atMs - record.touchedMs < NOTED_MS) return;
    this.#directory.touch(name, { text: record.text, atMs });
  }

  #read(record: StoredRecord): StoredPin | BrokenPin {
    const { name } = record;
    if (record.text === null) return { name, problem: record.problem };
    const pin = parsePin(record.text);
    if (hasOwnKey(pin, "problem")) return { name, problem: pin.problem };
    if (this.#directory.nameOf(pinKey(pin.host, pin.port)) !== name) {
      return { name, problem: "it stands under another name than its own" };
    }
    return Object.freeze({ ...pin, lastSeenMs: record.touchedMs });
  }
}

/** Whether something else stands where a pin should. */
export function isBroken(pin: StoredPin | BrokenPin): pin is BrokenPin {
  return hasOwnKey(pin, "problem");
}
