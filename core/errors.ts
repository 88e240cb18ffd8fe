/** The one error class used inside Parley. A face turns it into the error that its specification names. */
import { ERROR_CODES, type ErrorCode } from "./error_codes.ts";

/** What more can be said about a failure. */
export interface ParleyErrorOptions {
  /** The runtime's own error, kept as `cause`. */
  readonly cause?: unknown;
  /** Facts about the failure that a program may read, such as a host or a limit. Holds no secrets. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * A failure with a stable code. Match on `code`; the message is for people.
 *
 * @example Telling a refused connection from other failures
 * ```ts
 * import { ParleyError } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * const error = new ParleyError("NET_REFUSED", "Cannot connect to mail.example port 25: refused");
 * assert.equal(error.code, "NET_REFUSED");
 * assert.equal(error.name, "ParleyError");
 * ```
 */
export class ParleyError extends Error {
  /** The stable code: a key of the table in `docs/errors.md`. */
  readonly code: ErrorCode;
  /** Facts about the failure. */
  readonly detail: Readonly<Record<string, string | number | boolean>>;

  /**
   * Makes a failure.
   *
   * @param code The stable code.
   * @param message A sentence for people; strings from outside go through `escapeText` before they are printed, not here.
   * @param options Cause and detail.
   */
  constructor(code: ErrorCode, message: string, options?: ParleyErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ParleyError";
    this.code = code;
    this.detail = options?.detail ?? {};
  }

  /** What the reader can do about it, from the error table. */
  get remedy(): string {
    return ERROR_CODES[this.code].remedy;
  }
}

/** Whether a value is a {@linkcode ParleyError}, of the given code if one is given. */
export function isParleyError(value: unknown, code?: ErrorCode): value is ParleyError {
  return value instanceof ParleyError && (code === undefined || value.code === code);
}

/**
 * Fails loudly where a state must not occur.
 *
 * @throws {ParleyError} `INTERNAL_INVARIANT` when the condition does not hold.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new ParleyError("INTERNAL_INVARIANT", message);
}
