/**
 * Noticing that files which decide have changed. The system tells at once of directories that it watches; a look now and then
 * finds the rest: a directory that was not there, one put in another's place, a network's file system. Neither holds the
 * process open.
 */
import fs from "node:fs";
import path from "node:path";
import type { Clock, Timer } from "../../core/clock.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, watch } = fs;
const { basename, dirname } = path;

/** Milliseconds between looks. */
const LOOK_MS = 10_000;
/** Milliseconds until the look after a directory went away. */
const SOON_MS = 100;

/** What is watched. */
export interface WatchTerms {
  /** The directories whose every file counts. */
  readonly directories: readonly string[];
  /** Single files. */
  readonly files: readonly string[];
  /** Time. */
  readonly clock: Clock;
  /** Whether the runtime's own permissions let a path be looked at. */
  mayRead(path: string): boolean;
  /** What the files look like, for the looks between: anything that differs when one of them does. */
  fingerprint(): string;
}

/** A watch over directories. */
export class PolicyFilesWatch {
  readonly #terms: WatchTerms;
  readonly #callback: () => void;
  readonly #watchers = new Map<string, { readonly watcher: fs.FSWatcher; readonly inode: number }>();
  /** Which names count in which directory; null for all. */
  readonly #names: ReadonlyMap<string, ReadonlySet<string> | null>;
  #fingerprint: string;
  #timer: Timer | null = null;

  /**
   * Begins.
   *
   * @param terms What is watched.
   * @param since The fingerprint when the files were last read.
   * @param callback Told of each change, sometimes more than once.
   */
  constructor(terms: WatchTerms, since: string, callback: () => void) {
    this.#terms = terms;
    this.#fingerprint = since;
    this.#callback = callback;
    this.#names = namesOf(terms);
    this.#look();
  }

  /** Ends it. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #look(): void {
    let dropped = false;
    for (const directory of this.#names.keys()) if (this.#keepWatching(directory)) dropped = true;
    const now = this.#terms.fingerprint();
    const changed = now !== this.#fingerprint;
    this.#fingerprint = now;
    this.#lookAfter(dropped ? SOON_MS : LOOK_MS);
    if (changed) this.#callback();
  }

  #lookAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#terms.clock.after(delayMs, () => this.#look(), { keepAlive: false });
  }

  /** Watches what stands there by now. Says whether something else stood there, which comes first. */
  #keepWatching(directory: string): boolean {
    const known = this.#watchers.get(directory);
    const inode = this.#terms.mayRead(directory) ? inodeOf(directory) : null;
    if (known !== undefined && known.inode !== inode) {
      // Deno lets go of a path a turn later, and until then watches what stood there, under either name.
      this.#drop(directory);
      return true;
    }
    if (known === undefined && inode !== null) this.#beginWatching(directory, inode);
    return false;
  }

  #beginWatching(directory: string, inode: number): void {
    try {
      const watcher = watch(directory, { persistent: false, recursive: false, encoding: "utf8" });
      // Deno heeds this alone.
      watcher.unref();
      watcher.on("change", (_, name) => this.#told(directory, name));
      // Deno tells so of a directory that is gone by now.
      watcher.on("error", () => this.#drop(directory));
      this.#watchers.set(directory, { watcher, inode });
    } catch {
      // The system watches no more, or it is not there: looks have to do.
    }
  }

  #drop(directory: string): void {
    this.#watchers.get(directory)?.watcher.close();
    this.#watchers.delete(directory);
  }

  #told(directory: string, name: unknown): void {
    if (this.#timer === null) return;
    const names = this.#names.get(directory);
    // The directory's own name tells that it was moved or removed; no name, that anything may have happened.
    const own = name === basename(directory);
    if (own) this.#lookAfter(SOON_MS);
    if (own || typeof name !== "string" || names === null || names?.has(name)) this.#callback();
  }
}

function namesOf({ directories, files }: WatchTerms): ReadonlyMap<string, ReadonlySet<string> | null> {
  const names = new Map<string, Set<string> | null>();
  for (const file of files) {
    const known = names.get(dirname(file)) ?? new Set<string>();
    names.set(dirname(file), known.add(basename(file)));
  }
  for (const directory of directories) names.set(directory, null);
  return names;
}

function inodeOf(directory: string): number | null {
  try {
    return lstatSync(directory).ino;
  } catch {
    return null;
  }
}
