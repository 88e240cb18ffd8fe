/**
 * Puts a full log aside: `audit.jsonl` becomes `audit.1.jsonl`, and so on to `audit.5.jsonl`, which is removed. One process
 * does it at a time. Others write on meanwhile, into whichever file they have open.
 */
import fs from "node:fs";
import path from "node:path";
import { nativeCode } from "./errors.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, linkSync, lstatSync, openSync, renameSync, unlinkSync } = fs;
const { join } = path;
const now = Date.now;

/** The file that is written to. */
export const LOG_NAME = "audit.jsonl";
/** Files that are kept besides. */
export const MAX_KEPT = 5;

const LOCK_NAME = "audit.lock";
/** Putting aside takes some milliseconds. A lock that is this old was left by a process that was killed. */
const STALE_MS = 10_000;

/** The name of a file that was put aside; number 0 is the one that is written to. */
export function keptName(number: number): string {
  return number === 0 ? LOG_NAME : `audit.${number}.jsonl`;
}

/**
 * Puts the log aside.
 *
 * @param directory Where it is.
 * @param ino Number of the file that is full: if there is another by now, somebody else has done it.
 * @returns Whether another file is to be opened now. False while another process is about it.
 * @throws what the file system reports.
 */
export function rotateLog(directory: string, ino: number): boolean {
  const lock = join(directory, LOCK_NAME);
  if (!take(lock)) return false;
  try {
    const target = join(directory, LOG_NAME);
    if (inodeOf(target) !== ino) return true;
    for (let number = MAX_KEPT - 1; number > 0; number--) {
      move(join(directory, keptName(number)), join(directory, keptName(number + 1)));
    }
    const kept = join(directory, keptName(1));
    // Unlike a rename, a link never replaces what a process with a lock of its own, held to be stale, put there just now.
    linkSync(target, kept);
    if (inodeOf(kept) === ino) unlinkSync(target);
    else unlinkSync(kept);
    return true;
  } catch (error) {
    if (nativeCode(error) === "EEXIST" || nativeCode(error) === "ENOENT") return false;
    throw error;
  } finally {
    remove(lock);
  }
}

function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (error) {
    if (nativeCode(error) !== "EEXIST") throw error;
    const stats = lstatSync(lock, { throwIfNoEntry: false });
    // The one that comes next takes it.
    if (stats !== undefined && now() - stats.mtimeMs > STALE_MS) remove(lock);
    return false;
  }
}

function inodeOf(target: string): number | null {
  return lstatSync(target, { throwIfNoEntry: false })?.ino ?? null;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (nativeCode(error) !== "ENOENT") throw error;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (nativeCode(error) !== "ENOENT") throw error;
  }
}
