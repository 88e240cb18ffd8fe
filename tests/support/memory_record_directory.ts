/** A directory of records in memory, shared by as many stores as a test wants, told of changes like processes are. */
import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import type { RecordDirectory, StoredRecord } from "../../permissions/store/record_directory_port.ts";

/** The directory, and what a test does to it. */
export class MemoryRecordDirectory implements RecordDirectory {
  readonly path: string = "/state/parley/grants";
  /** The files: text, or what is wrong. */
  readonly files: Map<string, { text: string; touchedMs: number } | { problem: string }> = new Map();
  /** What was called, in order. */
  readonly calls: string[] = [];
  /** Why nothing can be written, or null. */
  readOnly: string | null = null;
  readonly #clock: Clock;
  readonly #watchers = new Set<(names: readonly string[] | null) => void>();

  /** @param clock Time of the files. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  obstacle(): string | null {
    return this.readOnly;
  }

  nameOf(key: string): string {
    return createHash("sha256").update(key).digest("hex");
  }

  load(): readonly StoredRecord[] {
    this.calls.push("load");
    return [...this.files.keys()].map((name) => this.read(name)).filter((record) => record !== null);
  }

  read(name: string): StoredRecord | null {
    const file = this.files.get(name);
    if (file === undefined) return null;
    if (!isText(file)) return { name, text: null, touchedMs: 0, problem: file.problem };
    return { name, text: file.text, touchedMs: file.touchedMs, problem: null };
  }

  put(name: string, text: string): void {
    this.#write("put");
    this.files.set(name, { text, touchedMs: this.#clock.nowMs() });
  }

  remove(name: string, text?: string): boolean {
    this.#write("remove");
    if (text !== undefined && this.read(name)?.text !== text) return false;
    return this.files.delete(name);
  }

  touch(name: string, { text, atMs }: { readonly text: string; readonly atMs: number }): boolean {
    if (this.readOnly !== null) return false;
    this.calls.push("touch");
    if (this.read(name)?.text !== text) return false;
    this.files.set(name, { text, touchedMs: atMs });
    return true;
  }

  watch(callback: (names: readonly string[] | null) => void): () => void {
    this.#watchers.add(callback);
    return () => void this.#watchers.delete(callback);
  }

  /** How many watch. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Tells that records changed. */
  tell(names: readonly string[] | null = null): void {
    for (const watcher of [...this.#watchers]) watcher(names);
  }

  #write(call: string): void {
    if (this.readOnly !== null) throw new ParleyError("CONFIG_INVALID", `Cannot write: ${this.readOnly}`);
    this.calls.push(call);
  }
}

/** By a key of its own: tests pollute `Object.prototype`. */
function isText<Found extends object>(file: Found): file is Extract<Found, { text: string }> {
  return Object.hasOwn(file, "text");
}
