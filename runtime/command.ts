/** What a runtime supplies to the `parley` command besides a {@linkcode Host}: arguments, standard streams, files. */
import type { ByteLink } from "../net/port.ts";

/** A server on loopback, for the demo. */
export interface LoopbackServer {
  /** Its port. */
  readonly port: number;
  /** Stops listening; connections go on. */
  close(): void;
}

/** A certificate and its key, PEM. */
export interface ServerIdentity {
  /** Certificate. */
  readonly cert: string;
  /** Private key. */
  readonly key: string;
}

/** The options a command accepts: `--name VALUE`, or `--name` for booleans. */
export type ArgumentOptions = Readonly<
  Record<string, { readonly type: "string" | "boolean"; readonly multiple?: boolean; readonly short?: string }>
>;

/** Arguments after parsing. */
export interface ParsedArguments {
  /** Options that were given, by name; an array for those that may be repeated. */
  readonly values: ReadonlyMap<string, string | boolean | readonly string[]>;
  /** Everything else, in order. */
  readonly positionals: readonly string[];
}

/** The surroundings of a command. */
export interface CommandHost {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  /**
   * Parses arguments, strictly.
   *
   * @throws {ParleyError} `ARG_INVALID` for an unknown option or a missing value.
   */
  parse(args: readonly string[], options: ArgumentOptions): ParsedArguments;
  /** Standard input. */
  readonly stdin: ReadableStream<Uint8Array>;
  /** Whether standard input is a terminal. */
  readonly stdinIsTerminal: boolean;
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal: boolean;
  /** Whether standard error is a terminal. */
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal in columns; 80 when unknown. */
  columns(): number;
  /** Writes bytes to standard output, waiting until they are taken. Rejects when it is closed. */
  writeOut(bytes: Uint8Array): Promise<void>;
  /** Writes text to standard error at once. Never throws. */
  writeError(text: string): void;
  /** Reads a text file. */
  readTextFile(path: string): Promise<string>;
  /** Calls back on the first SIGINT, SIGTERM or SIGHUP; the way back is returned. */
  onInterrupt(callback: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void): () => void;
  /** Ends the process. */
  exit(status: number): never;
  /** Listens on 127.0.0.1. */
  listenLoopback(serve: (link: ByteLink) => void | Promise<void>): Promise<LoopbackServer>;
  /** Makes the server's side of a TLS handshake over a link. */
  serveTls(link: ByteLink, identity: ServerIdentity): Promise<ByteLink>;
}
