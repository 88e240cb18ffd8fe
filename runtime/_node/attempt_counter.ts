/**
 * Counts the attempts of all processes of an account (NET-10): each minute has a file in the runtime directory, and each
 * attempt is one byte at its end, which the system appends whole whoever else writes. Nothing in it names anybody.
 * `node:fs`, synchronous, because a decision is made at once.
 */
import fs from "node:fs";
import path from "node:path";
import type { AttemptCounter } from "../../permissions/attempt_limits_port.ts";
import { ownDirectory } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { openSync, closeSync, writeSync, fstatSync, lstatSync, readdirSync, unlinkSync, constants } = fs;
const { join } = path;
const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;

const MINUTE_MS = 60_000;
const NAME = "parley";
const PREFIX = "attempts-";
const ONE = new Uint8Array(1);

/** Where to count. */
export interface AttemptCounterInit {
  /** The directory of the user's running programs (XDG_RUNTIME_DIR), or undefined where there is none. */
  readonly runtimeDirectory: string | undefined;
  /** Wall-clock time in ms since 1970. */
  nowMs(): number;
}

/**
 * Makes the counter.
 *
 * @param init Where, and the time.
 * @returns Null where processes have no place to count together.
 */
export function attemptCounter({ runtimeDirectory, nowMs }: AttemptCounterInit): AttemptCounter | null {
  if (runtimeDirectory === undefined) return null;
  try {
    // Made with the first attempt, not by whoever only asks.
    ownDirectory(runtimeDirectory, NAME, { make: false });
    return new MinuteFiles(runtimeDirectory, nowMs);
  } catch {
    // Then each process counts for itself.
    return null;
  }
}

class MinuteFiles implements AttemptCounter {
  readonly #base: string;
  readonly #nowMs: () => number;
  #minute = -1;
  #descriptor = -1;
  #before = 0;

  constructor(base: string, nowMs: () => number) {
    this.#base = base;
    this.#nowMs = nowMs;
  }

  /** Counts one: the minute before weighs as much as of it lies within the last sixty seconds. */
  count(): number {
    const nowMs = this.#nowMs();
    const minute = Math.floor(nowMs / MINUTE_MS);
    try {
      if (minute !== this.#minute) this.#turn(minute);
      writeSync(this.#descriptor, ONE);
      const weight = 1 - (nowMs - minute * MINUTE_MS) / MINUTE_MS;
      return fstatSync(this.#descriptor).size + this.#before * weight;
    } catch {
      // The directory has gone, or is full: counting goes on with the next minute.
      return 0;
    }
  }

  #turn(minute: number): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#minute = minute;
    const directory = ownDirectory(this.#base, NAME, { make: true }) ?? this.#base;
    this.#before = sizeOf(join(directory, `${PREFIX}${minute - 1}`));
    this.#descriptor = openSync(
      join(directory, `${PREFIX}${minute}`),
      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW,
      0o600,
    );
    sweep(directory, minute);
  }
}

/** Whoever comes first in a minute removes what is older than the one before. */
function sweep(directory: string, minute: number): void {
  for (const name of readdirSync(directory)) {
    const of = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : NaN;
    if (of < minute - 1) removeIfThere(join(directory, name));
  }
}

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Another process was faster.
  }
}
