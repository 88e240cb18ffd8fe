/**
 * One record as a file: opened without following links and judged on the open descriptor (CON-21), written beside its place
 * and put there in one step. `node:fs`, synchronously.
 */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { nativeCode } from "./errors.ts";
import { ownUid } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, constants, fstatSync, fsyncSync, futimesSync, openSync, readSync, unlinkSync, writeSync } = fs;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const decode = decoder.decode.bind(decoder);
const encoder = new TextEncoder();
const encode = encoder.encode.bind(encoder);

/** Bytes of one record: one that names the 5,000 modules of a large program has less. */
export const MAX_RECORD_BYTES = 1_048_576;

const OTHERS_ANYTHING = 0o077;

/** What a file holds, or why that is not to be trusted. */
export type RecordFile =
  | { readonly text: string; readonly touchedMs: number; readonly problem: null }
  | { readonly text: null; readonly problem: string };

/**
 * Reads a file. Never throws.
 *
 * @param file Its path.
 * @param use Called with the descriptor of a file that can be trusted, and its text.
 * @returns Null when it is not there.
 */
export function readRecordFile(
  file: string,
  use?: (descriptor: number, text: string) => void,
): RecordFile | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const judged = judge(descriptor);
    if (judged.problem === null) use?.(descriptor, judged.text);
    return judged;
  } catch (error) {
    const code = nativeCode(error);
    if (code === "ENOENT") return null;
    return { text: null, problem: code === "ELOOP" ? "it is a link" : `it cannot be read (${code || String(error)})` };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Notes the time of use on an open file: a file that has taken its place meanwhile is not touched. */
export function touchDescriptor(descriptor: number, atMs: number): void {
  futimesSync(descriptor, atMs / 1000, atMs / 1000);
}

/**
 * Writes a file that is not there yet, and waits until it is on the disk.
 *
 * @param file Its path.
 * @param bytes What to write.
 * @throws what the file system reports; the file is then not there.
 */
export function writeNewFile(file: string, bytes: Uint8Array): void {
  const descriptor = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let offset = 0; offset < bytes.byteLength;) {
      offset += writeSync(descriptor, bytes, offset, bytes.byteLength - offset);
    }
    fsyncSync(descriptor);
  } catch (error) {
    unlinkQuietly(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Waits until what was put into, or removed from, a directory is on the disk. Not every file system can.
 *
 * @throws what the file system reports.
 */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EBADF"].includes(nativeCode(error))) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a file if it is there. */
export function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Somebody else has tidied up.
  }
}

/** The bytes of a text. */
export function recordBytes(text: string): Uint8Array {
  return encode(text);
}

function judge(descriptor: number): RecordFile {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return { text: null, problem: "it is not a regular file" };
  if (stats.uid !== ownUid()) return { text: null, problem: "it belongs to somebody else" };
  if ((stats.mode & OTHERS_ANYTHING) !== 0) return { text: null, problem: "others have access to it" };
  if (stats.size > MAX_RECORD_BYTES) return { text: null, problem: `it has more than ${MAX_RECORD_BYTES} bytes` };
  // One byte more than it has, to notice that it grows.
  const buffer = Buffer.alloc(stats.size + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.byteLength; length += read) {
    read = readSync(descriptor, buffer, length, buffer.byteLength - length, null);
  }
  if (length !== stats.size) return { text: null, problem: "it is being changed" };
  try {
    return { text: decode(buffer.subarray(0, length)), touchedMs: stats.mtimeMs, problem: null };
  } catch {
    return { text: null, problem: "it is not text" };
  }
}
