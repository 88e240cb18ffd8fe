/**
 * One question at a time at one terminal, across the processes of a user: a file in the runtime directory, named for the
 * terminal's device number and held while a question stands. In it stands who holds it, so that what a dead process
 * left behind, or a stopped one keeps, is taken over. Where there is no such directory (Deno without all
 * permissions, other systems), processes cannot know of each other, and each acts as if it were alone.
 *
 * Taking over is renaming the file away: only one can. Should it have been a living holder's after all, because another
 * taker was quicker, it is put back; whoever loses it by that sees it in `holds` before an answer counts.
 */
import fs from "node:fs";
import process from "node:process";
import { readInitialEnvironment } from "./launch.ts";
import { ownDirectory } from "./own_directory.ts";
import { processStat } from "./terminal_process_stat.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { linkSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } = fs;

const randomUUID = crypto.randomUUID.bind(crypto);

/** After a question, others have this long to come first, in milliseconds. */
const YIELD_MS = 150;

/** The lock of one terminal, as one process has or wants it. */
export class TerminalLock {
  readonly #path: string;
  readonly #mine: string;
  #broken = false;
  #releasedAtMs = -Infinity;

  /**
   * @param path Where the file stands.
   * @param mine What stands in it while it is this process's, as {@linkcode holderText} makes it.
   */
  constructor(path: string, mine: string) {
    this.#path = path;
    this.#mine = mine;
  }

  /**
   * Tries to take the terminal.
   *
   * @returns Whether it is this process's now; true where nobody can tell.
   */
  reserve(): boolean {
    if (this.holds()) return true;
    if (performance.now() - this.#releasedAtMs < YIELD_MS) return false;
    try {
      return this.#take();
    } catch {
      // The directory went away, or the disk is full: nobody can be waited for there any more.
      this.#broken = true;
      return true;
    }
  }

  /** Whether the terminal is this process's; true where nobody can tell. */
  holds(): boolean {
    return this.#broken || holder(this.#path) === this.#mine;
  }

  /** Gives the terminal to others. Does nothing when it is not this process's. */
  release(): void {
    if (this.#broken || !this.holds()) return;
    rmSync(this.#path, { force: true });
    this.#releasedAtMs = performance.now();
  }

  #take(): boolean {
    if (create(this.#path, this.#mine)) return true;
    const found = holder(this.#path);
    if (found === null) return create(this.#path, this.#mine);
    return !keepsIt(found) && clear(this.#path, found) && create(this.#path, this.#mine);
  }
}

let own: TerminalLock | null | undefined;

/** The lock of this process's terminal; null where there is no place for one. */
export function ownTerminalLock(): TerminalLock | null {
  if (own === undefined) own = findLock();
  return own;
}

/**
 * What stands in a lock.
 *
 * @param pid The holder's process id.
 * @param started The holder's start time, so that no later process with the same id is taken for it.
 */
export function holderText(pid: number, started: string): string {
  return `${pid} ${started} ${randomUUID()}\n`;
}

function findLock(): TerminalLock | null {
  const stat = processStat("self");
  const base = readInitialEnvironment()?.get("XDG_RUNTIME_DIR");
  if (stat === null || stat.tty === 0 || base === undefined || base === "") return null;
  try {
    const directory = ownDirectory(base, "parley", { make: true });
    if (directory === null) return null;
    // Device and process numbers mean something within one namespace only.
    const space = readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
    return new TerminalLock(`${directory}/tty-${stat.tty}-${space}.lock`, holderText(process.pid, stat.started));
  } catch {
    return null;
  }
}

/** Puts the file there whole, or not at all. */
function create(path: string, mine: string): boolean {
  const made = `${path}.${process.pid}`;
  writeFileSync(made, mine, { mode: 0o600 });
  try {
    linkSync(made, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(made, { force: true });
  }
}

/** What stands in the file, or null where there is none. */
function holder(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

/** Whether a holder lives and runs. One that was stopped puts its question anew when it goes on. */
function keepsIt(found: string): boolean {
  const [, pid, started] = /^(\d{1,10}) (\d{1,20}) [0-9a-f-]{36}\n$/.exec(found) ?? [];
  const stat = pid === undefined ? null : processStat(Number(pid));
  return stat !== null && stat.started === started && !"TtZXx".includes(stat.state);
}

/** Takes the file of a holder away that does not keep it. Only one of several takers can. */
function clear(path: string, found: string): boolean {
  const old = `${path}.${process.pid}.old`;
  try {
    renameSync(path, old);
  } catch {
    return false;
  }
  const taken = holder(old);
  if (taken !== found) putBack(path, old);
  rmSync(old, { force: true });
  return taken === found;
}

/** It was another's already, who was quicker. Where a third came in between, the other sees that it has lost it. */
function putBack(path: string, old: string): void {
  try {
    linkSync(old, path);
  } catch {
    // A third came in between.
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
}
