/**
 * What a native failure is called in Parley. Every runtime names most failures by the system's codes (`ECONNREFUSED`); this
 * table says what each comes to, and the runtimes' own `errors.ts` add what they name otherwise.
 */
import type { ErrorCode } from "../../core/error_codes.ts";
import { ParleyError } from "../../core/errors.ts";

/** What a native code comes to: the stable code, and the state that ends the message. */
interface Failure {
  readonly code: ErrorCode;
  readonly state: string;
}

const REFUSED: Failure = { code: "NET_REFUSED", state: "refused" };
const RESET: Failure = { code: "NET_RESET", state: "the other side broke the connection off" };
const UNREACHABLE: Failure = { code: "NET_UNREACHABLE", state: "no route leads there" };
const TIMEOUT: Failure = { code: "NET_TIMEOUT", state: "the other side did not answer in time" };
const DENIED: Failure = { code: "NET_OS_DENIED", state: "the system or the runtime refused" };
const UNKNOWN_NAME: Failure = { code: "NET_DNS", state: "the name has no address" };
const DNS_DOWN: Failure = { code: "NET_DNS", state: "the name server did not answer" };
const CLOSED: Failure = { code: "NET_CLOSED", state: "the connection is closed" };
/** An alert that came late: with TLS 1.3 a server judges the client after the client has finished. */
const TLS_ALERT: Failure = { code: "TLS_HANDSHAKE", state: "the other side ended TLS" };
const FAILED: Failure = { code: "NET_FAILED", state: "the system reports a failure" };

/** A Map, because the codes come from outside and `__proto__` must find nothing. */
const FAILURES: ReadonlyMap<string, Failure> = new Map([
  ["ECONNREFUSED", REFUSED],
  ["ECONNRESET", RESET],
  ["ECONNABORTED", RESET],
  ["EPIPE", RESET],
  ["ENOTCONN", RESET],
  ["ETIMEDOUT", TIMEOUT],
  ["ENETUNREACH", UNREACHABLE],
  ["EHOSTUNREACH", UNREACHABLE],
  ["ENETDOWN", UNREACHABLE],
  ["EHOSTDOWN", UNREACHABLE],
  ["EADDRNOTAVAIL", UNREACHABLE],
  ["EAFNOSUPPORT", UNREACHABLE],
  ["EACCES", DENIED],
  ["EPERM", DENIED],
  ["ERR_ACCESS_DENIED", DENIED],
  ["ENOTFOUND", UNKNOWN_NAME],
  ["ENODATA", UNKNOWN_NAME],
  ["EAI_NONAME", UNKNOWN_NAME],
  ["EAI_NODATA", UNKNOWN_NAME],
  ["EAI_AGAIN", DNS_DOWN],
  ["EAI_FAIL", DNS_DOWN],
  ["ESERVFAIL", DNS_DOWN],
  ["EBADF", CLOSED],
  ["EINTR", CLOSED],
  ["ERR_STREAM_DESTROYED", CLOSED],
  ["ERR_STREAM_PREMATURE_CLOSE", CLOSED],
  ["ERR_STREAM_WRITE_AFTER_END", CLOSED],
  ["ERR_SOCKET_CLOSED", CLOSED],
  ["ERR_SOCKET_CLOSED_BEFORE_CONNECTION", CLOSED],
]);

const mapGet = Map.prototype.get;
const apply = Reflect.apply;

/** The native code that an error carries as a string, or the empty string. Never throws, whatever was thrown. */
export function nativeCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  try {
    const code = (error as { readonly code?: unknown }).code;
    return typeof code === "string" ? code : "";
  } catch {
    return "";
  }
}

/** Whether a system's code is in the table, so that a runtime can try its own names first. */
export function isKnownNetCode(code: string): boolean {
  return apply(mapGet, FAILURES, [code]) !== undefined;
}

/**
 * Makes Parley's error out of a system's code.
 *
 * @param code The system's code, such as `ECONNREFUSED`; unknown ones become `NET_FAILED`.
 * @param context `doing` completes "Cannot …", such as `connect to 192.0.2.1 port 25`; `cause` is the runtime's error.
 */
export function netError(code: string, context: { readonly doing: string; readonly cause?: unknown }): ParleyError {
  const unknown = code.startsWith("ERR_SSL_") ? TLS_ALERT : FAILED;
  const failure: Failure = apply(mapGet, FAILURES, [code]) ?? unknown;
  const suffix = failure === unknown && code !== "" ? ` (${code})` : "";
  return new ParleyError(failure.code, `Cannot ${context.doing}: ${failure.state}${suffix}`, { cause: context.cause });
}

/** The error that pending and later operations of a closed link get. */
export function closedError(doing: string): ParleyError {
  return new ParleyError("NET_CLOSED", `Cannot ${doing}: the connection is closed`);
}
