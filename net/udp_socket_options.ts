/** Options that every face with datagram sockets takes, and their conversion. */
import { member } from "../core/dictionary.ts";
import { toUnsignedLong } from "../core/webidl.ts";
import { DEFAULT_QUEUE_LIMITS, type QueueLimits } from "./engine/udp/datagram_queue.ts";
import { MAX_DATAGRAM_BYTES } from "./engine/udp/udp_socket.ts";

/** Sizes and limits of a datagram socket. */
export interface UDPBufferOptions {
  /** Wanted size of the system's send buffer in bytes, 1 or more; what is over 32 MiB counts as 32 MiB. */
  readonly sendBufferSize?: number;
  /** Wanted size of the system's receive buffer in bytes, 1 or more; what is over 32 MiB counts as 32 MiB. */
  readonly receiveBufferSize?: number;
  /** Most datagrams that wait to be read, 1 to 65,536; when it is full, the newest are dropped and counted. Default 1,024. */
  readonly maxQueuedDatagrams?: number;
  /** Most bytes that wait to be read, 65,507 to 67,108,864 (64 MiB). Default 1,048,576 (1 MiB). */
  readonly maxQueuedBytes?: number;
}

/** {@linkcode UDPBufferOptions} after conversion. */
export interface UdpBuffers {
  /** Bytes, or null for the system's default. */
  readonly sendBufferSize: number | null;
  /** Likewise. */
  readonly receiveBufferSize: number | null;
  /** What may wait to be read. */
  readonly queue: QueueLimits;
}

/** RS-02: larger buffers are not asked for. */
const MAX_BUFFER_BYTES = 32 * 1024 * 1024;
const MAX_QUEUED_DATAGRAMS = 65_536;
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/**
 * Converts a buffer's size.
 *
 * @param options The options.
 * @param name Which of them.
 * @returns Bytes, at most 32 MiB; null when it is absent.
 * @throws {TypeError} for 0, and for what is no unsigned long.
 */
export function toBufferSize(options: object, name: "sendBufferSize" | "receiveBufferSize"): number | null {
  const value = member(options, name);
  if (value === undefined) return null;
  const bytes = toUnsignedLong(value, { enforceRange: true, what: name });
  if (bytes === 0) throw new TypeError(`Cannot use ${name}: it is 0`);
  return Math.min(bytes, MAX_BUFFER_BYTES);
}

/**
 * Converts the limits of the receive queue.
 *
 * @param options The options.
 * @throws {TypeError} for what is out of range.
 */
export function toQueueLimits(options: object): QueueLimits {
  const bytes = toLimit(options, "maxQueuedBytes", { least: MAX_DATAGRAM_BYTES, most: MAX_QUEUED_BYTES });
  const datagrams = toLimit(options, "maxQueuedDatagrams", { least: 1, most: MAX_QUEUED_DATAGRAMS });
  return Object.freeze({
    maxDatagrams: datagrams ?? DEFAULT_QUEUE_LIMITS.maxDatagrams,
    maxBytes: bytes ?? DEFAULT_QUEUE_LIMITS.maxBytes,
  });
}

function toLimit(
  options: object,
  name: keyof UDPBufferOptions,
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  const value = member(options, name);
  if (value === undefined) return null;
  const limit = toUnsignedLong(value, { enforceRange: true, what: name });
  if (limit < least || limit > most) throw new TypeError(`Cannot use ${name}: it is not from ${least} to ${most}`);
  return limit;
}
