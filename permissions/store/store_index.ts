/** The records of the store in memory, found by name, key and identifier. */
import type { BrokenEntry, Entry, ValidEntry } from "./store_entry.ts";

/** Every record that was read. */
export class StoreIndex {
  readonly #byName = new Map<string, Entry>();
  readonly #byKey = new Map<string, ValidEntry>();
  readonly #byId = new Map<string, Entry>();
  #brokenCount = 0;
  #latestMs = 0;

  /** How many records are broken. */
  get brokenCount(): number {
    return this.#brokenCount;
  }

  /** The latest use that was ever on record here. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** The record that counts for a key. */
  byKey(key: string): ValidEntry | undefined {
    return this.#byKey.get(key);
  }

  /** The record with an identifier. */
  byId(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** The record with a name. */
  byName(name: string): Entry | undefined {
    return this.#byName.get(name);
  }

  /** Every name. */
  names(): IterableIterator<string> {
    return this.#byName.keys();
  }

  /** Every record that counts. */
  valid(): readonly ValidEntry[] {
    return [...this.#byKey.values()];
  }

  /** Every record that is broken. */
  broken(): readonly BrokenEntry[] {
    return [...this.#byName.values()].filter((entry) => entry.record === null);
  }

  /** Puts a record under a name instead of what was there; null for none. */
  set(name: string, entry: Entry | null): void {
    const before = this.#byName.get(name);
    if (before !== undefined) this.#drop(before);
    if (entry === null) return;
    this.#byName.set(name, entry);
    this.#byId.set(entry.id, entry);
    if (entry.record === null) {
      if (before?.record === null && before.problem === entry.problem) entry.told = before.told;
      this.#brokenCount++;
    } else {
      this.#byKey.set(entry.record.key, entry);
      this.used(entry, entry.usedMs);
    }
  }

  /** Notes when a record was used. */
  used(entry: ValidEntry, atMs: number): void {
    entry.usedMs = atMs;
    this.#latestMs = Math.max(this.#latestMs, atMs);
  }

  #drop(entry: Entry): void {
    this.#byName.delete(entry.name);
    this.#byId.delete(entry.id);
    if (entry.record === null) this.#brokenCount--;
    else this.#byKey.delete(entry.record.key);
  }
}
