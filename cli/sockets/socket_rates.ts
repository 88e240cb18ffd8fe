/** How fast bytes pass, from two looks at the same sockets. */
import type { InventoryDocument, ShownSocket } from "../../net/inventory_document.ts";

/** Bytes a second. */
export interface SocketRate {
  /** From the far end. */
  readonly received: number;
  /** To the far end. */
  readonly sent: number;
}

/** What was open at one moment. */
export interface SocketsNow {
  /** When it was looked at, monotonic milliseconds. */
  readonly atMs: number;
  /** What each process showed. */
  readonly processes: readonly InventoryDocument[];
}

/** The rate of a socket, or null where it was not there before. */
export type RateOf = (owner: InventoryDocument, socket: ShownSocket) => SocketRate | null;

/**
 * Compares two moments.
 *
 * @param before The earlier one, or null.
 * @param now The later one.
 */
export function socketRates(before: SocketsNow | null, now: SocketsNow): RateOf {
  const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1000;
  if (before === null || seconds <= 0) return () => null;
  const earlier = new Map<string, ShownSocket>();
  for (const owner of before.processes) {
    for (const socket of owner.sockets) earlier.set(keyOf(owner, socket), socket);
  }
  const rate = (later: number, sooner: number): number => Math.max(0, later - sooner) / seconds;
  return (owner, socket) => {
    const was = earlier.get(keyOf(owner, socket));
    if (was === undefined) return null;
    return {
      received: rate(socket.bytesReceived, was.bytesReceived),
      sent: rate(socket.bytesSent, was.bytesSent),
    };
  };
}

/** Process ids are used again; a process that began at another time is another one. */
function keyOf({ pid, startedAtMs }: InventoryDocument, { id }: ShownSocket): string {
  return `${pid} ${startedAtMs} ${id}`;
}
