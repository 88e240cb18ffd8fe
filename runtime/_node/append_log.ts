/**
 * The audit log's file (CON-22): one that only this user can reach, opened once to append, each line written by one call, so
 * that several processes can write at once. `node:fs`, synchronously: a decision is on its way to the disk before it counts.
 */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import type { AppendLog } from "../../permissions/audit/append_log_port.ts";
import { LOG_NAME, rotateLog } from "./append_log_rotation.ts";
import { keepSecret, keepSnapshot } from "./append_log_keeping.ts";
import { ownUid } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { closeSync, constants, fstatSync, lstatSync, openSync, readSync, writeSync } = fs;
const { join } = path;
const bytesOf: (text: string) => Uint8Array = Buffer.from.bind(Buffer);

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
const FLAGS = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
const OTHERS_ANYTHING = 0o077;
const LINE_FEED = 0x0a;

/** How a log is kept. */
export interface AppendLogOptions {
  /** Finds the directory, and makes it. Called before the first line. */
  directory(): string;
  /** Bytes after which the file is put aside. */
  readonly maxBytes: number;
}

/** An open file, told from others by its device and number. */
interface Opened {
  readonly directory: string;
  readonly target: string;
  readonly fd: number;
  readonly dev: number;
  readonly ino: number;
}

/** The log's file, for writing. */
export class FileAppendLog implements AppendLog {
  readonly #options: AppendLogOptions;
  #directory: string | null = null;
  #opened: Opened | null = null;

  /** @param options How it is kept. */
  constructor(options: AppendLogOptions) {
    this.#options = options;
  }

  /** Where it is, once it was opened. */
  get path(): string {
    return this.#directory === null ? LOG_NAME : join(this.#directory, LOG_NAME);
  }

  /**
   * Appends one line.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it could not be written whole.
   */
  append(line: string): void {
    this.#doing("write to", () => {
      const bytes = bytesOf(`${line}\n`);
      this.#write(bytes);
      // While this process waited for its turn, others may have filled so many files that ours was removed.
      if (this.#opened !== null && fstatSync(this.#opened.fd).nlink === 0) this.#write(bytes);
    });
  }

  /**
   * Keeps the snapshot of a policy.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be kept.
   */
  keepPolicy(sha256: string, text: string): void {
    this.#doing("keep a policy beside", () => keepSnapshot(this.#ownDirectory(), sha256, text));
  }

  /**
   * The secret for hashes.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be read or kept.
   */
  redactionKey(): string {
    return this.#doing("keep the key of", () => keepSecret(this.#ownDirectory()));
  }

  /** Lets go of the file. */
  close(): void {
    const opened = this.#opened;
    this.#opened = null;
    if (opened !== null) closeSync(opened.fd);
  }

  #write(bytes: Uint8Array): void {
    const { fd } = this.#current(bytes.byteLength);
    try {
      if (writeSync(fd, bytes, 0, bytes.byteLength, null) === bytes.byteLength) return;
      throw new ParleyError("CONFIG_INVALID", `Cannot write to the audit log ${this.path}: it took a part only`);
    } catch (error) {
      // A part of the line may stand there. The next to open the file ends it.
      this.close();
      throw error;
    }
  }

  /** The file at the path, with room for a line; opened again when another process has put ours aside. */
  #current(bytes: number): Opened {
    const opened = this.#opened ?? this.#open();
    const stats = lstatSync(opened.target, { throwIfNoEntry: false });
    const isOurs = stats !== undefined && stats.ino === opened.ino && stats.dev === opened.dev;
    if (isOurs && (stats.size === 0 || stats.size + bytes <= this.#options.maxBytes)) return opened;
    // Whoever cannot put it aside now, because another is about to, goes on with it.
    if (isOurs && !rotateLog(opened.directory, opened.ino)) return opened;
    this.close();
    return this.#open();
  }

  #open(): Opened {
    const directory = this.#ownDirectory();
    const target = join(directory, LOG_NAME);
    const fd = openSync(target, FLAGS, 0o600);
    try {
      const stats = fstatSync(fd);
      checkFile(target, stats);
      endPiece(fd, stats.size);
      return this.#opened = { directory, target, fd, dev: stats.dev, ino: stats.ino };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #ownDirectory(): string {
    return this.#directory ??= this.#options.directory();
  }

  #doing<Result>(what: string, action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      if (cause instanceof ParleyError) throw cause;
      const { code } = cause as { readonly code?: unknown };
      const why = typeof code === "string" ? code : "the system refuses";
      throw new ParleyError("CONFIG_INVALID", `Cannot ${what} the audit log ${this.path}: ${why}`, { cause });
    }
  }
}

/**
 * Refuses a file that is not one, or that somebody else can reach.
 *
 * @param target Its path, for the message.
 * @param stats Of the open descriptor.
 * @throws {ParleyError} `CONFIG_INVALID`.
 */
export function checkFile(target: string, stats: fs.Stats): void {
  const state = !stats.isFile()
    ? "it is not a file"
    : stats.uid !== ownUid()
    ? "it belongs to somebody else"
    : (stats.mode & OTHERS_ANYTHING) !== 0
    ? "others have access to it"
    : null;
  if (state !== null) throw new ParleyError("CONFIG_INVALID", `Cannot use ${target}: ${state}`);
}

/** Ends a line that was not written whole. If another process is about to write its own, this makes a blank line. */
function endPiece(fd: number, size: number): void {
  const last = new Uint8Array(1);
  if (size === 0 || readSync(fd, last, 0, 1, size - 1) === 0 || last[0] === LINE_FEED) return;
  writeSync(fd, bytesOf("\n"), 0, 1, null);
}
