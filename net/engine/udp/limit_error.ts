/** The error for what Parley's own limits on UDP do not let through. */
import { ParleyError } from "../../../core/errors.ts";

/** Which limit. A program finds the word in the error's `detail.limit`. */
export type UdpLimit =
  /** Too many datagrams wait for an answer of the peer or of the operator. */
  | "waiting-datagrams"
  /** Too many destinations were approved for one socket. */
  | "approved-peers"
  /** Too many new peers within a minute (NET-28). */
  | "new-peers"
  /** Too many groups are joined. */
  | "groups";

/**
 * Makes the error.
 *
 * @param limit Which limit.
 * @param message What cannot be done, and why.
 * @param retryAfterMs Milliseconds after which there is room again, where that is known.
 */
export function limitError(limit: UdpLimit, message: string, retryAfterMs?: number): ParleyError {
  const detail = retryAfterMs === undefined ? { limit } : { limit, retryAfterMs };
  return new ParleyError("NET_LIMIT", message, { detail });
}
