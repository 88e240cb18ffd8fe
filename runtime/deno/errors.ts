/**
 * The one place where a failure of Deno's own network calls becomes a `ParleyError`.
 *
 * Deno gives some failures a system code, others only a class (`NotCapable`, `BadResource`), and a name that cannot be
 * looked up only a message.
 */
import { isParleyError, type ParleyError } from "../../core/errors.ts";
import { isKnownNetCode, nativeCode, netError } from "../_node/errors.ts";

/** Class names of `Deno.errors` and the system code that means the same. */
const CODE_OF_CLASS: ReadonlyMap<string, string> = new Map([
  ["NotCapable", "EPERM"],
  ["PermissionDenied", "EACCES"],
  ["ConnectionRefused", "ECONNREFUSED"],
  ["ConnectionReset", "ECONNRESET"],
  ["ConnectionAborted", "ECONNABORTED"],
  ["BrokenPipe", "EPIPE"],
  ["NotConnected", "ENOTCONN"],
  ["TimedOut", "ETIMEDOUT"],
  ["NetworkUnreachable", "ENETUNREACH"],
  ["AddrNotAvailable", "EADDRNOTAVAIL"],
  ["BadResource", "EBADF"],
  ["Interrupted", "EINTR"],
]);

/** How the engine's resolver begins its message; it gives neither class nor code. */
const LOOKUP_FAILED = "failed to lookup address information";

/**
 * Turns whatever Deno threw into Parley's error.
 *
 * @param error Deno's error; a `ParleyError` is passed on unchanged.
 * @param doing What was being done, to complete "Cannot …".
 */
export function denoNetError(error: unknown, doing: string): ParleyError {
  if (isParleyError(error)) return error;
  return netError(codeOf(error), { doing, cause: error });
}

function codeOf(error: unknown): string {
  const code = nativeCode(error);
  if (isKnownNetCode(code) || !(error instanceof Error)) return code;
  if (error.message.startsWith(LOOKUP_FAILED)) return "ENOTFOUND";
  return CODE_OF_CLASS.get(error.name) ?? code;
}
