/** The exit statuses of the command, in one table (after sysexits.h), and how an error maps to one. */
import { ERROR_CODES } from "../core/error_codes.ts";
import { ParleyError } from "../core/errors.ts";

/** One row of the table in `docs/cli.md`. */
export interface ExitCodeRow {
  /** The status. */
  readonly status: number;
  /** Its name in this program. */
  readonly name: string;
  /** What it means. */
  readonly meaning: string;
}

/** Every exit status. */
export const EXIT_CODES: readonly ExitCodeRow[] = Object.freeze([
  { status: 0, name: "OK", meaning: "Done." },
  { status: 64, name: "USAGE", meaning: "The command line cannot be understood." },
  { status: 65, name: "DATA", meaning: "The other side's data is not what it should be." },
  { status: 69, name: "NETWORK", meaning: "The connection could not be made, or broke." },
  { status: 70, name: "INTERNAL", meaning: "A bug in Parley." },
  { status: 76, name: "TLS", meaning: "TLS was not offered, or the certificate was not accepted." },
  { status: 77, name: "DENIED", meaning: "The operator, a rule or the runtime refused it." },
  { status: 78, name: "CONFIG", meaning: "A setting or file given at launch is not valid." },
  { status: 129, name: "HANGUP", meaning: "The terminal hung up." },
  { status: 130, name: "INTERRUPTED", meaning: "Ctrl-C." },
  { status: 141, name: "PIPE", meaning: "Whoever read the output has gone." },
  { status: 143, name: "TERMINATED", meaning: "Ended by SIGTERM." },
]);

/** Exit status for each signal that ends a command in order: 128 and its number. */
export const SIGNAL_STATUS: Readonly<Record<"SIGINT" | "SIGTERM" | "SIGHUP", number>> = Object.freeze({
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
});

/** What a failure is to the person at the terminal. */
export interface Failure {
  /** A stable code. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  /** What to do about it, or null. */
  readonly remedy: string | null;
  /** Exit status. */
  readonly status: number;
}

/** Explains an error, whatever a face made of it. */
export function explain(error: unknown): Failure {
  const inner = error instanceof Error && error.cause instanceof ParleyError ? error.cause : error;
  if (inner instanceof ParleyError) {
    return { code: inner.code, message: inner.message, remedy: inner.remedy, status: ERROR_CODES[inner.code].exit };
  }
  if (inner instanceof DOMException && inner.name === "NotAllowedError") {
    return { code: "PERM_DENIED", message: inner.message, remedy: null, status: ERROR_CODES.PERM_DENIED.exit };
  }
  if (inner instanceof TypeError) return { code: "ARG_INVALID", message: inner.message, remedy: null, status: 64 };
  const message = inner instanceof Error ? `${inner.name}: ${inner.message}` : String(inner);
  return { code: "INTERNAL_INVARIANT", message, remedy: ERROR_CODES.INTERNAL_INVARIANT.remedy, status: 70 };
}
