/** What the Direct Sockets face rejects with: `DOMException`s as the draft names them. */
import { causedException } from "../../../core/caused_exception.ts";
import type { ErrorCode } from "../../../core/error_codes.ts";
import { ParleyError } from "../../../core/errors.ts";
import { isRefusal, refusalException } from "../../refusal.ts";

const NAMES: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["RUNTIME_UNSUPPORTED", "NotSupportedError"],
]);

/** What the translation has to know. */
export interface FaceErrorSource {
  /** What the script wants to do, as it said it: `connect to mail.example:25`. */
  readonly deed: string;
  /** Whether the script has called `close()`: what fails from then on fails for that reason. */
  closing(): boolean;
}

/**
 * Makes the translation for one socket. Every refusal becomes the same error, whose message is a function of the request
 * alone (NET-17); any other failure becomes a `NetworkError` whose `cause` is a `ParleyError` with a stable code.
 *
 * @param source Whose errors they are.
 */
export function faceErrors(source: FaceErrorSource): (error: unknown) => unknown {
  return (error) => {
    // A script's own reason for aborting is passed on as it is.
    if (!(error instanceof ParleyError)) return error;
    const { code } = error;
    if (isRefusal(error)) return refusalException(error, source.deed);
    if (code === "NET_ABORTED") return error.cause ?? new DOMException("The stream was aborted", "AbortError");
    if (code === "NET_CLOSED" && source.closing()) return new DOMException("Stream closed", "AbortError");
    return causedException(error, NAMES.get(code) ?? "NetworkError");
  };
}
