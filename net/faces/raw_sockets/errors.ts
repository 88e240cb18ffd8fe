/** What the Raw Sockets face throws: `DOMException`s as its explainer and IDL name them, `TypeError` for options. */
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
 * Makes the translation for one request. Every refusal becomes the same error, whose message is a function of the request
 * alone (NET-17); what fails after approval becomes a `NetworkError` whose `cause` is a `ParleyError` with a stable code.
 *
 * @param where What the script asked for, as it asked for it.
 */
export function faceErrors(where: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof ParleyError)) return error;
    const { code } = error;
    if (isRefusal(error)) return refusalException(error, `connect to ${where}`);
    if (code.startsWith("DEST_")) return new TypeError(error.message, { cause: error });
    if (code === "NET_ABORTED") return error.cause ?? new DOMException("The operation was aborted", "AbortError");
    return causedException(error, NAMES.get(code) ?? "NetworkError");
  };
}
