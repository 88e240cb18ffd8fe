/**
 * Reads and hashes the program's own files. `node:fs`, synchronously: it happens once, before the first decision, and a
 * decision is made in one piece. `node:crypto`, because Web Crypto hashes one file a task.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import type { CodeReader } from "../../permissions/trust/program_port.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, fstatSync, openSync, readSync, statSync } = fs;
const { createHash } = crypto;

/**
 * Makes a reader of files.
 *
 * @param mayRead Whether the runtime lets a path be read without asking anybody.
 */
export function codeReader(mayRead: (path: string) => boolean): CodeReader {
  return Object.freeze({
    read(url: string, maxBytes: number): Uint8Array | "too-large" | null {
      try {
        const path = fileURLToPath(url);
        return mayRead(path) ? readPlainFile(path, maxBytes) : null;
      } catch {
        return null;
      }
    },
    sha256: (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex"),
  });
}

function readPlainFile(path: string, maxBytes: number): Uint8Array | "too-large" | null {
  // Looked at before it is opened: opening a pipe waits for its other end.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    return size > maxBytes ? "too-large" : readWhole(file, size);
  } finally {
    closeSync(file);
  }
}

function readWhole(file: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(file, bytes, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
