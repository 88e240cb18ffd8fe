/** What an `AbortSignal` means inside Parley. */
import { ParleyError } from "./errors.ts";

/**
 * The error for an aborted operation: the reason itself where Parley gave it, else `NET_ABORTED` with the reason as
 * cause, which a face hands to the script unchanged.
 *
 * @param reason The signal's reason.
 */
export function abortError(reason: unknown): ParleyError {
  if (reason instanceof ParleyError) return reason;
  return new ParleyError("NET_ABORTED", "Cannot go on: the operation was aborted", { cause: reason });
}
