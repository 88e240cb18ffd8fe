/**
 * A directory that nobody but this user can reach into (CON-20): the user's own, and every directory above it one that
 * only the user or the system could change. `node:fs`, synchronously, because it is used once and looks at a few names.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ParleyError } from "../../core/errors.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, mkdirSync, realpathSync } = fs;
const { dirname, isAbsolute, join } = path;
const getuid = process.getuid;

const SYSTEM = 0;
const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;
const STICKY = 0o1000;
/** A directory in which others may delete is no more than this deep. */
const MAX_DEPTH = 64;

/**
 * Finds a directory of the user's own below another, and makes it where it is missing.
 *
 * @param base An absolute path of a directory that the user owns, such as `XDG_RUNTIME_DIR`.
 * @param name The directory in it.
 * @param options Whether to make it.
 * @returns Its real path; null when it is not there and was not to be made.
 * @throws {ParleyError} `CONFIG_INVALID` when somebody else could reach into it.
 */
export function ownDirectory(base: string, name: string, options: { readonly make: boolean }): string | null {
  const uid = getuid?.call(process);
  if (uid === undefined) throw unusable(base, "this system has no owners of files");
  if (!isAbsolute(base)) throw unusable(base, "it is not an absolute path");
  try {
    const real = realpathSync(base);
    checkParents(real, uid);
    const directory = join(real, name);
    if (options.make) makeDirectory(directory);
    else if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return null;
    checkOwn(directory, { uid, forbidden: OTHERS_ANYTHING });
    return directory;
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause;
    throw unusable(base, "it cannot be used", cause);
  }
}

/** The id of the user of this process; -1 where there is none. */
export function ownUid(): number {
  return getuid?.call(process) ?? -1;
}

/** The base itself is the user's; above it stands nothing that another user could exchange. */
function checkParents(real: string, uid: number): void {
  checkOwn(real, { uid, forbidden: OTHERS_WRITE });
  const state = parentsProblem(real, uid);
  if (state !== null) throw unusable(real, state);
}

/**
 * Why another user could exchange what stands at a path, by one of the directories above it.
 *
 * @param real An absolute path without links.
 * @param uid The user.
 * @returns What is wrong, in words; null when nothing is.
 */
export function parentsProblem(real: string, uid: number): string | null {
  let below = real;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const parent = dirname(below);
    if (parent === below) return null;
    const { mode, uid: owner } = lstatSync(parent);
    if (owner !== SYSTEM && owner !== uid) return `${parent} belongs to somebody else`;
    if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) return `others may write to ${parent}`;
    below = parent;
  }
  return "it is too deep";
}

/**
 * Why a directory is not the user's alone.
 *
 * @param directory Its path; a link is not followed.
 * @param uid The user.
 * @returns What is wrong, in words; null when nothing is.
 */
export function ownershipProblem(directory: string, uid: number): string | null {
  return problemOf(directory, { uid, forbidden: OTHERS_ANYTHING });
}

function checkOwn(directory: string, rules: { readonly uid: number; readonly forbidden: number }): void {
  const state = problemOf(directory, rules);
  if (state !== null) throw unusable(directory, state);
}

function problemOf(directory: string, rules: { readonly uid: number; readonly forbidden: number }): string | null {
  const stats = lstatSync(directory);
  if (!stats.isDirectory()) return "it is not a directory";
  if (stats.uid !== rules.uid) return "it belongs to somebody else";
  return (stats.mode & rules.forbidden) !== 0 ? "others have access to it" : null;
}

/**
 * Makes one directory that is the user's alone, unless something is there already.
 *
 * @throws what the file system reports.
 */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { __proto__: null, mode: 0o700, recursive: false } as { mode: number });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "EEXIST") throw error;
  }
}

function unusable(directory: string, state: string, cause?: unknown): ParleyError {
  return new ParleyError("CONFIG_INVALID", `Cannot use the runtime directory ${directory}: ${state}`, { cause });
}
