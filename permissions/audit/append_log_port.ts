/** What a runtime supplies for the audit log: a file that lines are appended to, a way to read it again, and hashes. */

/** Hashes, from the runtime. Texts are taken as UTF-8, results are lower-case hex. */
export interface Digest {
  /** SHA-256 of a text. */
  sha256(text: string): string;
  /** HMAC-SHA-256 of a text. */
  hmac(key: string, text: string): string;
}

/** The log's file, for writing. Nothing is touched before the first call. */
export interface AppendLog {
  /** Where it is, for messages. */
  readonly path: string;
  /**
   * Appends one line, the line feed included, by a single write. Other processes append to the same file.
   *
   * @param line ASCII without line end.
   * @throws {ParleyError} `CONFIG_INVALID` when it could not be written whole.
   */
  append(line: string): void;
  /**
   * Keeps the snapshot of a policy, unless it is there already.
   *
   * @param sha256 Its fingerprint, 64 hex digits: its name.
   * @param text The snapshot.
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be kept.
   */
  keepPolicy(sha256: string, text: string): void;
  /**
   * The secret by which destinations are hashed; made when it is first asked for, and kept beside the log.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be read or kept.
   */
  redactionKey(): string;
  /** Lets go of the file. A later line opens it again. */
  close(): void;
}

/** One file of the log. */
export interface AuditFile {
  /** Its path, for messages. */
  readonly path: string;
  /** What it held when the log was opened for reading. */
  text(): string;
}

/** The log, for reading. */
export interface AuditReader {
  /** The files there are, oldest first. */
  readonly files: readonly AuditFile[];
  /** Whether files older than these were removed to make room. */
  readonly olderRemoved: boolean;
  /** The snapshot of a policy, not checked; or null when it is not there. */
  policy(sha256: string): string | null;
  /** Lets go of the files. */
  close(): void;
}

/** The place where a runtime keeps the log. */
export interface AuditPlace {
  /** Hashes. */
  readonly digest: Digest;
  /** Why there can be no log here, to stand after a colon; null when there can. Looks at no file. */
  obstacle(): string | null;
  /**
   * The log for writing.
   *
   * @throws {ParleyError} `CONFIG_INVALID` where there is an obstacle.
   */
  writer(): AppendLog;
  /**
   * The log for reading; without files where nothing was written yet.
   *
   * @throws {ParleyError} `CONFIG_INVALID` where there is an obstacle, or somebody else could have written it.
   */
  reader(): AuditReader;
  /** Calls back when the process ends in order. */
  onExit(callback: () => void): void;
}
