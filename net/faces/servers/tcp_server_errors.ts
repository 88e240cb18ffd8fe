/** What `openTCPServer` and its sockets throw: the same errors as the client's side (NET-17). */
import { causedException } from "../../../core/caused_exception.ts";
import type { ErrorCode } from "../../../core/error_codes.ts";
import { ParleyError } from "../../../core/errors.ts";
import { isRefusal, refusalException } from "../../refusal.ts";

const NAMES: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["ARG_INVALID", "InvalidStateError"],
  ["NET_CLOSED", "InvalidStateError"],
  ["RUNTIME_UNSUPPORTED", "NotSupportedError"],
]);

/**
 * Makes the translation for one server. Every refusal becomes the same error, whose message is a function of the request
 * alone; what fails after approval becomes a `NetworkError` whose `cause` is a `ParleyError` with a stable code.
 *
 * @param where Where the script wanted to listen.
 */
export function serverErrors(where: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof ParleyError)) return error;
    const { code } = error;
    if (isRefusal(error)) return refusalException(error, `listen at ${where}`);
    if (code.startsWith("DEST_")) return new TypeError(error.message, { cause: error });
    if (code === "NET_ABORTED") return error.cause ?? new DOMException("The operation was aborted", "AbortError");
    return causedException(error, NAMES.get(code) ?? "NetworkError");
  };
}
