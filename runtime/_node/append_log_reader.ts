/** The audit log for reading: every file there is, opened before the first is read, so that none is missed meanwhile. */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import type { AuditFile, AuditReader } from "../../permissions/audit/append_log_port.ts";
import { checkFile } from "./append_log.ts";
import { readSnapshot } from "./append_log_keeping.ts";
import { keptName, MAX_KEPT } from "./append_log_rotation.ts";
import { nativeCode } from "./errors.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, constants, fstatSync, openSync, readSync } = fs;
const { join } = path;

const FINGERPRINT = /^[0-9a-f]{64}$/;
const NOTHING: AuditReader = Object.freeze({ files: [], olderRemoved: false, policy: () => null, close: () => {} });

interface Opened {
  readonly number: number;
  readonly target: string;
  readonly fd: number;
  readonly ino: number;
  readonly size: number;
}

/**
 * Opens the log.
 *
 * @param directory Where it is; null where nothing was written yet.
 * @throws {ParleyError} `CONFIG_INVALID` when somebody else could have written a part of it.
 */
export function readLog(directory: string | null): AuditReader {
  if (directory === null) return NOTHING;
  const opened = openAll(directory);
  return Object.freeze({
    files: opened.map((file): AuditFile => ({ path: file.target, text: () => readAll(file) })),
    olderRemoved: opened.some(({ number }) => number === MAX_KEPT),
    policy: (sha256: string) => FINGERPRINT.test(sha256) ? readSnapshot(directory, sha256) : null,
    close: () => opened.forEach(({ fd }) => closeSync(fd)),
  });
}

/** Newest first: what is put aside meanwhile is then seen twice, never not at all. */
function openAll(directory: string): Opened[] {
  const opened: Opened[] = [];
  try {
    for (let number = 0; number <= MAX_KEPT; number++) {
      const target = join(directory, keptName(number));
      const fd = openPresent(target);
      if (fd === null) continue;
      const stats = fstatSync(fd);
      const twice = opened.some(({ ino }) => ino === stats.ino);
      if (twice) closeSync(fd);
      else opened.push({ number, target, fd, ino: stats.ino, size: stats.size });
      if (!twice) checkFile(target, stats);
    }
    return opened.reverse();
  } catch (error) {
    for (const { fd } of opened) closeSync(fd);
    throw error;
  }
}

function openPresent(target: string): number | null {
  try {
    return openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (nativeCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** What it held when it was opened. Bytes that are not ASCII are no part of a log, and stay recognisable. */
function readAll({ fd, size }: Opened): string {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const read = readSync(fd, bytes, length, size - length, length);
    if (read === 0) break;
    length += read;
  }
  return bytes.toString("latin1", 0, length);
}
