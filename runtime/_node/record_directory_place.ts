/**
 * Where records are kept, and whether that is a place that nobody but the user can reach into (CON-21):
 * `$XDG_STATE_HOME/parley/<folder>`, by default `~/.local/state/parley/<folder>`. `node:fs`, synchronously.
 */
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import { isPrivate, PRIVATE_VARIABLE } from "../../core/private_mode.ts";
import type { RecordFolder } from "../../permissions/store/record_directory_port.ts";
import { nativeCode } from "./errors.ts";
import { makeDirectory, ownershipProblem, ownUid, parentsProblem } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, realpathSync } = fs;
const { basename, dirname, isAbsolute, join } = path;

const OWNER_ALL = 0o700;

/** What the place is found by. */
export interface RecordSurroundings {
  /** Which records. */
  readonly folder: RecordFolder;
  /** A variable of the environment that the process started with. */
  initialEnv(name: string): string | undefined;
  /** A variable, however it was set: private mode may be switched on in any way. */
  env(name: string): string | undefined;
  /** Why files cannot be used without asking anybody; null when they can. */
  obstacle(): string | null;
}

/** A place as it is now. */
export interface RecordPlace {
  /** The directory, links resolved; null while it is not there, or cannot be looked at. */
  readonly directory: string | null;
  /** Directories that are still to be made, outermost first. */
  readonly missing: readonly string[];
  /** Why it is not to be trusted; null when it is. */
  readonly problem: string | null;
}

/** The path, wherever links on the way may lead; or why there is none. */
export type RecordPath = { readonly path: string } | { readonly obstacle: string };

/** The path that the environment names. */
export function recordPath({ folder, initialEnv, env, obstacle }: RecordSurroundings): RecordPath {
  if (isPrivate(initialEnv(PRIVATE_VARIABLE)) || isPrivate(env(PRIVATE_VARIABLE))) {
    return { obstacle: "private mode is on" };
  }
  // First: whose files they are is a question that Deno may put to the operator.
  const state = obstacle();
  if (state !== null) return { obstacle: state };
  if (ownUid() < 0) return { obstacle: "this system has no owners of files" };
  const base = stateHome(initialEnv("XDG_STATE_HOME"), initialEnv("HOME"));
  if (base === null) return { obstacle: "neither XDG_STATE_HOME nor HOME was set to an absolute path at the start" };
  return { path: join(base, "parley", folder) };
}

/** A path that is not absolute is as good as none: https://specifications.freedesktop.org/basedir-spec/latest/ */
function stateHome(state: string | undefined, home: string | undefined): string | null {
  if (state !== undefined && isAbsolute(state)) return state;
  return home !== undefined && isAbsolute(home) ? join(home, ".local", "state") : null;
}

/**
 * Looks at a place, and changes nothing.
 *
 * @param target The path.
 */
export function findPlace(target: string): RecordPlace {
  try {
    const { real, missing } = realPart(target);
    const directory = missing.length === 0 ? real : null;
    const uid = ownUid();
    const own = directory === null ? null : ownershipProblem(directory, uid) ?? usageProblem(directory);
    // What is made inside is the user's; what it is made in counts as a parent of that.
    const problem = own ?? parentsProblem(directory ?? join(real, "x"), uid);
    return { directory, missing, problem };
  } catch (error) {
    return { directory: null, missing: [], problem: `it cannot be looked at (${nativeCode(error) || String(error)})` };
  }
}

/**
 * Finds a place and makes it where it is missing.
 *
 * @param target The path.
 * @returns The directory.
 * @throws {ParleyError} `CONFIG_INVALID` when it is not to be trusted, or cannot be made.
 */
export function makePlace(target: string): string {
  const { missing, problem } = findPlace(target);
  if (problem !== null) throw unusable(target, problem);
  try {
    missing.forEach(makeDirectory);
  } catch (cause) {
    throw unusable(target, "it cannot be made", cause);
  }
  const made = findPlace(target);
  if (made.problem !== null || made.directory === null) throw unusable(target, made.problem ?? "it is gone again");
  return made.directory;
}

/** The part of a path that exists, links resolved, and the directories below it that do not. */
function realPart(target: string): { readonly real: string; readonly missing: readonly string[] } {
  const names: string[] = [];
  for (let current = target;; current = dirname(current)) {
    const real = realOrNull(current);
    if (real !== null) return { real, missing: names.map((_, index) => join(real, ...names.slice(0, index + 1))) };
    names.unshift(basename(current));
  }
}

/** Null where nothing is, not even a link that leads nowhere: nothing can be made in its place. */
function realOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    if (nativeCode(error) !== "ENOENT") throw error;
    if (!isThere(path)) return null;
    // Another process may have made it between the two looks; a link leads nowhere still.
    return realpathSync(path);
  }
}

/** What the user has shut even for the user is not to be taken for empty. */
function usageProblem(directory: string): string | null {
  return (lstatSync(directory).mode & OWNER_ALL) === OWNER_ALL ? null : "its own user has no access to it";
}

function isThere(target: string): boolean {
  try {
    lstatSync(target);
    return true;
  } catch {
    return false;
  }
}

function unusable(target: string, state: string, cause?: unknown): ParleyError {
  return new ParleyError("CONFIG_INVALID", `Cannot use the directory ${target}: ${state}`, { cause });
}
