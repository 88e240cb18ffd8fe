/**
 * Records as files in the user's state directory, on all three runtimes by `node:fs`: `<name>.json`, mode 0600, in a
 * directory of mode 0700. Each is written beside its place, synced, and renamed: whoever reads sees the old or the new one.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import type { RecordDirectory, StoredRecord } from "../../permissions/store/record_directory_port.ts";
import { nativeCode } from "./errors.ts";
import {
  MAX_RECORD_BYTES,
  readRecordFile,
  recordBytes,
  syncDirectory,
  touchDescriptor,
  unlinkQuietly,
  writeNewFile,
} from "./record_directory_file.ts";
import {
  findPlace,
  makePlace,
  recordPath,
  type RecordPlace,
  type RecordSurroundings,
} from "./record_directory_place.ts";
import { watchRecords } from "./record_directory_watch.ts";

export type { RecordSurroundings } from "./record_directory_place.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { linkSync, lstatSync, readdirSync, renameSync, unlinkSync } = fs;
const { join } = path;
const getRandomValues = crypto.getRandomValues.bind(crypto);

/** Records of one directory. */
export const MAX_RECORDS = 10_000;

/** Bytes of all of them that are read. */
const MAX_TOTAL = 64 * MAX_RECORD_BYTES;

const NAME = /^[0-9a-f]{64}$/;
const FILE = /^([0-9a-f]{64})\.json$/;
const ASIDE = /^\.[0-9a-f]{32}\.tmp$/;
/** A file set aside for longer than this belongs to nobody: whoever made it was killed. */
const ASIDE_MS = 60_000;

/**
 * Makes the directory of one kind of records. Nothing is looked at before it is used.
 *
 * @param surroundings Which records, and what the place is found by.
 * @param clock Time.
 */
export function recordDirectory(surroundings: RecordSurroundings, clock: Clock): RecordDirectory {
  return Object.freeze(new NodeRecordDirectory(surroundings, clock));
}

class NodeRecordDirectory implements RecordDirectory {
  readonly #surroundings: RecordSurroundings;
  readonly #clock: Clock;

  constructor(surroundings: RecordSurroundings, clock: Clock) {
    this.#surroundings = surroundings;
    this.#clock = clock;
  }

  get path(): string | null {
    const found = recordPath(this.#surroundings);
    return isPath(found) ? found.path : null;
  }

  obstacle(): string | null {
    const found = recordPath(this.#surroundings);
    if (!isPath(found)) return found.obstacle;
    const { problem } = findPlace(found.path);
    return problem === null ? null : `the directory ${found.path} is not to be trusted: ${problem}`;
  }

  nameOf(key: string): string {
    return createHash("sha256").update(key).digest("hex");
  }

  load(): readonly StoredRecord[] {
    const { directory, problem } = this.#place();
    if (directory === null) return [];
    const names = filesIn(directory).map((file) => FILE.exec(file)?.[1]).filter((name) => name !== undefined).sort();
    const untrusted = problem === null ? null : `its directory is not to be trusted: ${problem}`;
    let total = 0;
    return names.flatMap((name, index) => {
      if (untrusted !== null) return [broken(name, untrusted)];
      if (index >= MAX_RECORDS) return [broken(name, `there are more than ${MAX_RECORDS}`)];
      if (total > MAX_TOTAL) return [broken(name, `there are more than ${MAX_TOTAL} characters in all`)];
      const found = readIn(directory, name);
      total += found?.text?.length ?? 0;
      return found ?? [];
    });
  }

  read(name: string): StoredRecord | null {
    const { directory, problem } = this.#place();
    if (directory === null || !NAME.test(name)) return null;
    const found = readIn(directory, name);
    return found === null || problem === null ? found : broken(name, `its directory is not to be trusted: ${problem}`);
  }

  put(name: string, text: string): void {
    const bytes = recordBytes(text);
    if (bytes.byteLength > MAX_RECORD_BYTES) {
      throw refusal("remember it", `it takes more than ${MAX_RECORD_BYTES} bytes`);
    }
    const directory = makePlace(this.#requirePath());
    doing("remember it", () => {
      const files = filesIn(directory);
      this.#tidy(directory, files);
      const file = fileOf(name);
      if (files.length >= MAX_RECORDS && !files.includes(file)) {
        throw refusal("remember it", `there are ${MAX_RECORDS} already`);
      }
      const aside = join(directory, asideName());
      writeNewFile(aside, bytes);
      try {
        renameSync(aside, join(directory, file));
      } catch (error) {
        unlinkQuietly(aside);
        throw error;
      }
      syncDirectory(directory);
    });
  }

  remove(name: string, text?: string): boolean {
    const { directory, problem } = this.#place();
    if (directory === null) return false;
    if (problem !== null) throw refusal("remove the record", `its directory is not to be trusted: ${problem}`);
    const file = join(directory, fileOf(name));
    if (text !== undefined && readRecordFile(file)?.text !== text) return false;
    return doing("remove the record", () => {
      const done = text === undefined ? removeNow(file) : removeIf(file, { text, aside: join(directory, asideName()) });
      if (done) syncDirectory(directory);
      return done;
    });
  }

  touch(name: string, how: { readonly text: string; readonly atMs: number }): boolean {
    const { directory, problem } = this.#place();
    if (directory === null || problem !== null) return false;
    let touched = false;
    readRecordFile(join(directory, fileOf(name)), (descriptor, text) => {
      if (text !== how.text) return;
      touchDescriptor(descriptor, how.atMs);
      touched = true;
    });
    return touched;
  }

  watch(callback: (names: readonly string[] | null) => void): () => void {
    const { path: target } = this;
    if (target === null) return () => {};
    return watchRecords({
      path: target,
      clock: this.#clock,
      changed(files) {
        if (files === null) return callback(null);
        const names = files.map((file) => FILE.exec(file)?.[1]).filter((name) => name !== undefined);
        if (names.length > 0) callback(names);
      },
    });
  }

  #place(): Pick<RecordPlace, "directory" | "problem"> {
    const found = recordPath(this.#surroundings);
    return isPath(found) ? findPlace(found.path) : { directory: null, problem: null };
  }

  #requirePath(): string {
    const found = recordPath(this.#surroundings);
    if (isPath(found)) return found.path;
    throw refusal("remember it", found.obstacle);
  }

  /** Removes what processes that were killed have set aside. */
  #tidy(directory: string, files: readonly string[]): void {
    const beforeMs = this.#clock.nowMs() - ASIDE_MS;
    for (const file of files) {
      if (ASIDE.test(file) && changedMs(join(directory, file)) < beforeMs) unlinkQuietly(join(directory, file));
    }
  }
}

type Found = ReturnType<typeof recordPath>;

/** A path that stands on `Object.prototype` is none (CORE-01). */
function isPath(found: Found): found is Extract<Found, { readonly path: string }> {
  return Object.hasOwn(found, "path");
}

function readIn(directory: string, name: string): StoredRecord | null {
  const file = readRecordFile(join(directory, fileOf(name)));
  if (file === null) return null;
  return file.problem === null ? { name, ...file } : broken(name, file.problem);
}

function broken(name: string, problem: string): StoredRecord {
  return { name, text: null, touchedMs: 0, problem };
}

/** Nothing where it cannot be listed: that shows in `obstacle`. */
function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function removeNow(file: string): boolean {
  return unlessAbsent(() => unlinkSync(file));
}

/**
 * Removes a file if it still holds a text. It is set aside first, and looked at where nobody else puts anything; what
 * another process has just put in its place goes back, unless there is something newer by then.
 */
function removeIf(file: string, { text, aside }: { readonly text: string; readonly aside: string }): boolean {
  if (!unlessAbsent(() => renameSync(file, aside))) return false;
  const same = readRecordFile(aside)?.text === text;
  try {
    if (!same) linkSync(aside, file);
  } catch (error) {
    if (nativeCode(error) !== "EEXIST") throw error;
  } finally {
    unlinkQuietly(aside);
  }
  return same;
}

/** Whether it was there. */
function unlessAbsent(operate: () => void): boolean {
  try {
    operate();
    return true;
  } catch (error) {
    if (nativeCode(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Renaming sets the second of the two times, writing the first. */
function changedMs(file: string): number {
  try {
    const { mtimeMs, ctimeMs } = lstatSync(file);
    return Math.max(mtimeMs, ctimeMs);
  } catch {
    return Infinity;
  }
}

function fileOf(name: string): string {
  if (!NAME.test(name)) throw new ParleyError("INTERNAL_INVARIANT", "Cannot use the record: its name is none");
  return `${name}.json`;
}

function asideName(): string {
  const hex = Array.from(getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `.${hex}.tmp`;
}

/** Runs file operations; what fails is told in Parley's words, with the system's code. */
function doing<Result>(what: string, operate: () => Result): Result {
  try {
    return operate();
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause;
    throw refusal(what, `the file system reports ${nativeCode(cause) || String(cause)}`, cause);
  }
}

function refusal(what: string, state: string, cause?: unknown): ParleyError {
  return new ParleyError("CONFIG_INVALID", `Cannot ${what}: ${state}`, { cause });
}
