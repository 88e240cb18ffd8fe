/**
 * Reading a file that decides (CON-21): opened once, without following a link and without waiting for a pipe, and judged by the
 * open descriptor. Above it stands no directory in which somebody else could exchange it.
 */
import fs from "node:fs";
import path from "node:path";
import { parentsProblem } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } = fs;
const { basename, dirname, join } = path;

const SYSTEM = 0;
const OTHERS_WRITE = 0o022;
/** Bytes; no valid policy is larger. */
const MAX_BYTES = 1024 * 1024;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What became of reading a file. */
export type CheckedFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "problem"; readonly problem: string }
  /** It is not there, or the runtime's own permissions hide whether it is. */
  | { readonly kind: "absent" | "hidden" };

/** Who may have written a file, and what may be looked at. */
export interface FileTerms {
  /** The user of this process, or null where that cannot be told. */
  readonly uid: number | null;
  /** Whether only the system may have written it, not the user either. */
  readonly systemOnly: boolean;
  /** Whether the runtime's own permissions let a path be looked at. */
  mayRead(path: string): boolean;
}

/**
 * Reads a file, if it is what a file that decides has to be.
 *
 * @param file An absolute path. Links in it are followed but for the last part, and what they lead to is judged.
 * @param terms Who may have written it.
 * @returns The text, with a byte order mark if it has one; or what is wrong. Never throws.
 */
export function readChecked(file: string, terms: FileTerms): CheckedFile {
  try {
    if (!terms.mayRead(file)) return { kind: "hidden" };
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return { kind: "absent" };
    const folder = dirname(file);
    const unseen = unseenAbove(file, terms) ?? unseenAbove(join(realpathSync(folder), basename(file)), terms);
    if (unseen !== null) return problem(`whether somebody could exchange it cannot be told: ${unseen} may not be read`);
    const real = join(realpathSync(folder), basename(file));
    const { uid, systemOnly } = terms;
    const exchangeable = parentsProblem(real, systemOnly ? SYSTEM : uid ?? SYSTEM);
    return exchangeable === null ? openAndRead(real, terms) : problem(exchangeable);
  } catch (error) {
    return failed(error);
  }
}

/** The lowest directory above a path that may not be looked at, or null. */
function unseenAbove(file: string, { mayRead }: FileTerms): string | null {
  for (let below = file, parent = dirname(file); parent !== below; below = parent, parent = dirname(parent)) {
    if (!mayRead(parent)) return parent;
  }
  return null;
}

function openAndRead(file: string, terms: FileTerms): CheckedFile {
  const descriptor = openSync(file, FLAGS);
  try {
    const wrong = judge(descriptor, terms);
    return wrong === null ? readText(descriptor) : problem(wrong);
  } finally {
    closeSync(descriptor);
  }
}

/** What is wrong with the file behind a descriptor, or null. */
function judge(descriptor: number, { uid, systemOnly }: FileTerms): string | null {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return "it is not a regular file";
  if (stats.uid !== SYSTEM) {
    if (systemOnly) return "it does not belong to root";
    if (uid === null) return "it cannot be told whether it is yours (Deno needs --allow-sys=uid)";
    if (stats.uid !== uid) return "it belongs to somebody else";
  }
  if ((stats.mode & OTHERS_WRITE) !== 0) return "others may write to it";
  return stats.size > MAX_BYTES ? "it has more than 1 MiB" : null;
}

function readText(descriptor: number): CheckedFile {
  // It may have grown since.
  const bytes = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  if (length > MAX_BYTES) return problem("it has more than 1 MiB");
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { kind: "text", text: decoder.decode(bytes.subarray(0, length)) };
  } catch {
    return problem("it is not UTF-8 text");
  }
}

function failed(error: unknown): CheckedFile {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
  if (code === "ELOOP") return problem("it is a link");
  return problem(`it cannot be read (${typeof code === "string" ? code : "unknown reason"})`);
}

function problem(text: string): CheckedFile {
  return { kind: "problem", problem: text };
}
