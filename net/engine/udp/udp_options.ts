/** What every way to open a datagram socket is told. */
import type { ParleyError } from "../../../core/errors.ts";
import type { QueueLimits } from "./datagram_queue.ts";

/** Options that sockets with one peer and bound ones share. */
export interface UdpOptions {
  /** Ends the attempt, and afterwards the socket. */
  readonly signal: AbortSignal;
  /** Wanted size of the system's send buffer in bytes, or null for its default. */
  readonly sendBufferSize: number | null;
  /** Wanted size of the system's receive buffer in bytes, or null for its default. */
  readonly receiveBufferSize: number | null;
  /** How much may wait for the program. */
  readonly queue: QueueLimits;
  /** Sends a copy of what is written to the stream, so that the script may change its memory at once; costs a copy. */
  readonly copyWrites: boolean;
  /** Told of errors that end nothing, such as an ICMP message that nothing listens at the peer's port. Never throws. */
  onError(error: ParleyError): void;
  /** Translates failures of the streams and `closed` into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
}
