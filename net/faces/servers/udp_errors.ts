/** What `bindUDPSocket` and its sockets throw: the same errors as the other sockets of Parley (NET-17). */
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
 * Makes the translation for one deed. Every refusal becomes the same error, whose message is a function of the request alone;
 * what fails otherwise becomes a `NetworkError` whose `cause` is a `ParleyError` with a stable code.
 *
 * @param deed What the script wanted to do, as it said it: `send to nas.example:5683`.
 */
export function udpErrors(deed: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof ParleyError)) return error;
    const { code } = error;
    if (isRefusal(error)) return refusalException(error, deed);
    if (code.startsWith("DEST_")) return new TypeError(error.message, { cause: error });
    if (code === "NET_ABORTED") return error.cause ?? new DOMException("The operation was aborted", "AbortError");
    return causedException(error, NAMES.get(code) ?? "NetworkError");
  };
}
