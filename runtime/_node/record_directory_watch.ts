/**
 * Tells of changes in a directory that may not be there yet, without holding the process open: by `node:fs` watch, and by
 * looking at the directory once a second, which notices what is not told, and a directory that was exchanged.
 */
import fs, { type FSWatcher } from "node:fs";
import type { Clock, Timer } from "../../core/clock.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { statSync, watch } = fs;

/** Milliseconds between two looks. */
const LOOK_MS = 1000;
/** Milliseconds in which several changes become one notice. */
const GATHER_MS = 10;

/** How a directory is watched. */
export interface WatchPlan {
  /** Its path. */
  readonly path: string;
  /** Time. */
  readonly clock: Clock;
  /** Told of the files that changed, or null when any may have. */
  changed(files: readonly string[] | null): void;
}

/**
 * Begins.
 *
 * @returns The way to stop it.
 */
export function watchRecords(plan: WatchPlan): () => void {
  const watching = new RecordWatch(plan);
  watching.look();
  return () => watching.stop();
}

class RecordWatch {
  readonly #plan: WatchPlan;
  readonly #changed = new Set<string>();
  #anyChanged = false;
  #watcher: FSWatcher | null = null;
  #seen: string | null = null;
  #inode = -1;
  #timer: Timer | null = null;
  #gathering: Timer | null = null;
  #stopped = false;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
  }

  /** Looks at the directory, and again in a while. */
  look(): void {
    if (this.#stopped) return;
    const stats = statsOf(this.#plan.path);
    const inode = stats?.ino ?? -1;
    // The time of a directory changes with every file that is put there or removed.
    const seen = stats === null ? null : `${inode} ${stats.mtimeMs}`;
    const first = this.#timer === null;
    if (inode !== this.#inode || this.#watcher === null) this.#watch(inode);
    if (seen !== this.#seen && !first) this.#notice(null);
    this.#inode = inode;
    this.#seen = seen;
    // Deno counts a watcher that has told something as busy again.
    this.#watcher?.unref();
    this.#timer = this.#after(LOOK_MS, () => this.look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#gathering?.cancel();
    this.#watcher?.close();
    this.#watcher = null;
  }

  #watch(inode: number): void {
    this.#watcher?.close();
    this.#watcher = null;
    if (inode < 0) return;
    try {
      const options = { __proto__: null, persistent: false, recursive: false, encoding: "utf8" } as const;
      const watcher = watch(this.#plan.path, options, (_event, file) => this.#notice(file));
      watcher.on("error", () => this.#lost(watcher));
      watcher.unref();
      this.#watcher = watcher;
    } catch {
      // Then the looking alone has to do: the system watches only so many.
    }
  }

  #lost(watcher: FSWatcher): void {
    if (this.#watcher === watcher) this.#watcher = null;
    watcher.close();
  }

  #notice(file: string | null): void {
    if (this.#stopped) return;
    if (file === null) this.#anyChanged = true;
    else this.#changed.add(file);
    this.#gathering ??= this.#after(GATHER_MS, () => this.#tell());
  }

  #tell(): void {
    this.#gathering = null;
    this.#watcher?.unref();
    const files = this.#anyChanged ? null : [...this.#changed];
    this.#anyChanged = false;
    this.#changed.clear();
    this.#plan.changed(files);
  }

  #after(delayMs: number, callback: () => void): Timer {
    return this.#plan.clock.after(delayMs, callback, OWN_TIME);
  }
}

const OWN_TIME = Object.freeze({ __proto__: null as never, keepAlive: false });

function statsOf(path: string): { readonly ino: number; readonly mtimeMs: number } | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
