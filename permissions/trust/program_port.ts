/** What a runtime tells of the program's code, so that it can be judged (NET-16) and hashed (CON-18). */

/** How the program came to the runtime. */
export type ProgramSource =
  /** As a file or a URL that was named at the start. */
  | "module"
  /** As text that the operator gave: `-e`, or a REPL at a terminal. */
  | "typed"
  /** By standard input that is no terminal. */
  | "piped"
  /** As a `data:` or `blob:` URL. */
  | "data";

/** A file or directory that somebody else can change. */
export interface Exposure {
  /** Its real path. */
  readonly path: string;
  /** Why: everybody may write, a group with other members may write, or it belongs to another user. */
  readonly reason: "world-writable" | "group-writable" | "foreign-owner";
}

/** Reads the program's files. Never prompts, never throws. */
export interface CodeReader {
  /**
   * Reads a file.
   *
   * @param url Its `file:` URL.
   * @param maxBytes Larger files are not read.
   * @returns Null for what is absent, no plain file, or hidden by the runtime's permissions.
   */
  read(url: string, maxBytes: number): Uint8Array | "too-large" | null;
  /** SHA-256, lower-case hex. */
  sha256(bytes: Uint8Array): string;
}

/** The program, as its runtime sees it. */
export interface ProgramPort extends CodeReader {
  /** How it came to the runtime. */
  readonly source: ProgramSource;
  /**
   * URL that the main module was loaded by, or null where there is none: what it imports is found from there. Deno does not
   * follow links for that.
   */
  readonly loadedFrom: string | null;
  /** Modules that flags had loaded before the program: URLs. */
  readonly preloaded: readonly string[];
  /**
   * Hosts whose certificates are not checked when code is fetched from them; all hosts when empty. Null where
   * certificates are checked, or that cannot be seen.
   */
  readonly uncheckedHosts: readonly string[] | null;
  /** Whether the runtime fetches modules from the network by itself. */
  readonly fetchesModules: boolean;
  /**
   * Who besides the operator and the system can change a file, by the file itself or by a directory above it.
   *
   * @param url The `file:` URL of a file or directory.
   * @returns The first finding; null when there is none, when there is no such file, and when it cannot be seen.
   */
  exposure(url: string): Exposure | null;
}
