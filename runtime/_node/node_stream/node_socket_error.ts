/** Failures as users of `net.Socket` know them: an `Error` with the system's code, and Parley's own error as cause. */
import type { ErrorCode } from "../../../core/error_codes.ts";
import { ParleyError } from "../../../core/errors.ts";
import { nativeCode } from "../errors.ts";

/** A failure of a Node stream over one of Parley's sockets. Match on `code`. */
export class NodeSocketError extends Error {
  /** Such as `ECONNRESET`. */
  readonly code: string;
  /** What failed: `connect`, `read` or `write`. */
  readonly syscall: string;

  /**
   * Makes a failure.
   *
   * @param code The system's code; the message ends with it.
   * @param how A sentence for people, what failed, and the error behind it.
   */
  constructor(code: string, how: { readonly message: string; readonly syscall: string; readonly cause?: unknown }) {
    super(`${how.message} (${code})`, { cause: how.cause });
    this.code = code;
    this.syscall = how.syscall;
  }
}

/** Codes without a row are those of a whole area; see {@linkcode areaCode}. */
const CODES: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["NET_DNS", "ENOTFOUND"],
  ["NET_REFUSED", "ECONNREFUSED"],
  ["NET_UNREACHABLE", "EHOSTUNREACH"],
  ["NET_TIMEOUT", "ETIMEDOUT"],
  ["NET_RESET", "ECONNRESET"],
  ["NET_CLOSED", "ERR_SOCKET_CLOSED"],
  ["NET_ABORTED", "ABORT_ERR"],
  ["NET_OS_DENIED", "EACCES"],
  ["TLS_NAME", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["TLS_EXPIRED", "CERT_HAS_EXPIRED"],
  ["RUNTIME_UNSUPPORTED", "ENOTSUP"],
]);

/** What a face throws without a cause: refusals are the same for every reason (NET-17). */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["NotAllowedError", "EACCES"],
  ["NotSupportedError", "ENOTSUP"],
  ["AbortError", "ABORT_ERR"],
  ["TimeoutError", "ETIMEDOUT"],
]);

/**
 * The error that a Node stream is destroyed with.
 *
 * @param error What a stream or `openTCPSocket` rejected with. An error with a code of its own, and the reason that a program
 * gave for an abort, pass unchanged.
 * @param syscall What failed: `connect`, `read` or `write`.
 */
export function toNodeError(error: unknown, syscall: string): Error {
  const known = parleyError(error);
  if (known !== null) {
    return new NodeSocketError(systemCode(known), { message: known.message, syscall, cause: error });
  }
  if (!(error instanceof Error)) {
    return new NodeSocketError("EIO", { message: `Cannot ${syscall}: the socket failed`, syscall, cause: error });
  }
  const code = error instanceof DOMException ? NAMES.get(error.name) ?? "EIO" : null;
  return code === null ? error : new NodeSocketError(code, { message: error.message, syscall, cause: error });
}

/** The error of operations that a closed socket can no longer do. */
export function socketClosedError(syscall: string): NodeSocketError {
  return new NodeSocketError("ERR_SOCKET_CLOSED", { message: `Cannot ${syscall}: the socket is closed`, syscall });
}

/** The error itself, or the cause that a face gave its own. */
function parleyError(error: unknown): ParleyError | null {
  if (error instanceof ParleyError) return error;
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof ParleyError ? cause : null;
}

function systemCode(error: ParleyError): string {
  const { chainError } = error.detail;
  if (error.code === "TLS_UNTRUSTED" && typeof chainError === "string") return chainError;
  return CODES.get(error.code) ?? areaCode(error);
}

function areaCode({ code, cause }: ParleyError): string {
  if (code.startsWith("PERM_")) return "EACCES";
  if (code.startsWith("TLS_")) return "EPROTO";
  if (code.startsWith("NET_")) return nativeCode(cause) || "EIO";
  return "EINVAL";
}
