/** What is kept beside the audit log: snapshots of policies by their fingerprints, and the key of hashed destinations. */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import { nativeCode } from "./errors.ts";
import { ownDirectory, ownUid } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  utimesSync,
  writeSync,
} = fs;
const { join } = path;
const now = Date.now;
const random = crypto.getRandomValues.bind(crypto);
const bytesOf: (text: string) => Uint8Array = Buffer.from.bind(Buffer);

/** The directory of the snapshots. */
export const POLICIES = "policies";

const KEY_NAME = "audit.key";
const KEY_BYTES = 32;
const KEY = /^[0-9a-f]{64}$/;
const SNAPSHOT = /^[0-9a-f]{64}\.json$/;
const OTHERS_ANYTHING = 0o077;
/** Snapshots that are kept; those that were not used longest are removed. */
const MAX_SNAPSHOTS = 1000;
/** Bytes of a snapshot that is read: ten thousand rules take less. */
const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;

/**
 * Keeps a snapshot, unless it is there.
 *
 * @param directory The log's.
 * @param sha256 Its fingerprint.
 * @param text The snapshot.
 */
export function keepSnapshot(directory: string, sha256: string, text: string): void {
  const policies = ownDirectory(directory, POLICIES, { make: true }) as string;
  const target = join(policies, `${sha256}.json`);
  if (lstatSync(target, { throwIfNoEntry: false })?.isFile() === true) {
    const seconds = now() / 1000;
    // What is in use is not what was not used longest.
    return utimesSync(target, seconds, seconds);
  }
  writeOnce(policies, target, text);
  removeOldest(policies);
}

/**
 * Reads a snapshot.
 *
 * @param directory The log's.
 * @param sha256 Its fingerprint.
 * @returns Null when it is not there.
 * @throws {ParleyError} `CONFIG_INVALID` when somebody else can reach it.
 */
export function readSnapshot(directory: string, sha256: string): string | null {
  const policies = ownDirectory(directory, POLICIES, { make: false });
  return policies === null ? null : readOwn(join(policies, `${sha256}.json`), MAX_SNAPSHOT_BYTES);
}

/**
 * The secret by which destinations are hashed; made when there is none.
 *
 * @param directory The log's.
 * @throws {ParleyError} `CONFIG_INVALID` when it is not one, or somebody else can reach it.
 */
export function keepSecret(directory: string): string {
  const target = join(directory, KEY_NAME);
  const made = readOwn(target, 2 * KEY_BYTES);
  if (made === null) writeOnce(directory, target, hexOf(random(new Uint8Array(KEY_BYTES))));
  const key = made ?? readOwn(target, 2 * KEY_BYTES) ?? "";
  if (!KEY.test(key)) throw new ParleyError("CONFIG_INVALID", `Cannot use ${target}: it holds no key`);
  return key;
}

/** Writes a file whole or not at all. One that another process wrote first stays. */
function writeOnce(directory: string, target: string, text: string): void {
  const temporary = join(directory, `.${hexOf(random(new Uint8Array(8)))}.tmp`);
  const fd = openSync(temporary, "wx", 0o600);
  try {
    const bytes = bytesOf(text);
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at, bytes.byteLength - at, null);
    fsyncSync(fd);
    linkSync(temporary, target);
  } catch (error) {
    if (nativeCode(error) !== "EEXIST") throw error;
  } finally {
    closeSync(fd);
    unlinkSync(temporary);
  }
}

/** @throws {ParleyError} `CONFIG_INVALID` when it is another's, or no file. */
function readOwn(target: string, maxBytes: number): string | null {
  let fd: number;
  try {
    fd = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (nativeCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    const isOwn = stats.isFile() && stats.uid === ownUid() && (stats.mode & OTHERS_ANYTHING) === 0;
    if (!isOwn) throw new ParleyError("CONFIG_INVALID", `Cannot use ${target}: others have access to it`);
    if (stats.size > maxBytes) throw new ParleyError("CONFIG_INVALID", `Cannot use ${target}: it is too large`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

function removeOldest(policies: string): void {
  const names = readdirSync(policies).filter((name) => SNAPSHOT.test(name));
  if (names.length <= MAX_SNAPSHOTS) return;
  const byAge = names
    .map((name) => join(policies, name))
    .map((file) => ({ file, usedMs: lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((left, right) => left.usedMs - right.usedMs);
  for (const { file } of byAge.slice(0, names.length - MAX_SNAPSHOTS)) {
    try {
      unlinkSync(file);
    } catch (error) {
      if (nativeCode(error) !== "ENOENT") throw error;
    }
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
