/** What the failures of datagram sockets are called in Parley, where they mean something else than for connections. */
import type { ErrorCode } from "../../../core/error_codes.ts";
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import { nativeCode } from "../errors.ts";

/** How a runtime turns its errors into Parley's; `doing` completes "Cannot …". */
export type Translate = (error: unknown, doing: string) => ParleyError;

/** What was being done, and how the runtime translates what this file does not know. */
export interface ErrorContext {
  /** Completes "Cannot …". */
  readonly doing: string;
  /** The runtime's translation. */
  readonly translate: Translate;
}

type Row = readonly [code: ErrorCode, state: string];

const OPENING: ReadonlyMap<string, Row> = new Map([
  ["EADDRINUSE", ["NET_IN_USE", "another socket has that address and port"]],
  ["EADDRNOTAVAIL", ["NET_IN_USE", "the address is not of this machine"]],
]);

const SENDING: ReadonlyMap<string, Row> = new Map([
  ["EMSGSIZE", ["NET_MESSAGE_SIZE", "it is larger than a datagram can be"]],
  ["ECANCELED", ["NET_CLOSED", "the socket is closed"]],
  ["EBADF", ["NET_CLOSED", "the socket is closed"]],
  ["ERR_SOCKET_DGRAM_NOT_RUNNING", ["NET_CLOSED", "the socket is closed"]],
]);

const GROUPS: ReadonlyMap<string, Row> = new Map([
  ["EADDRINUSE", ["NET_FAILED", "the socket is in the group already"]],
  ["EADDRNOTAVAIL", ["NET_FAILED", "the system has no such membership, or no such interface"]],
  ["ENODEV", ["NET_UNREACHABLE", "no interface leads to the group"]],
  ["ENOBUFS", ["NET_FAILED", "the system allows no more groups"]],
]);

/**
 * The error for a socket that could not be opened.
 *
 * @param error The runtime's.
 * @param context What was being done.
 */
export function openError(error: unknown, context: ErrorContext): ParleyError {
  return named(error, { ...context, table: OPENING });
}

/**
 * The error for a datagram that the system did not take.
 *
 * @param error The runtime's.
 * @param context What was being done.
 */
export function sendError(error: unknown, context: ErrorContext): ParleyError {
  return named(error, { ...context, table: SENDING });
}

/**
 * The error for a group that could not be joined, left or sent to.
 *
 * @param error The runtime's.
 * @param context What was being done.
 */
export function groupError(error: unknown, context: ErrorContext): ParleyError {
  return named(error, { ...context, table: GROUPS });
}

/** The error that operations of a closed socket get. */
export function socketClosedError(doing: string): ParleyError {
  return new ParleyError("NET_CLOSED", `Cannot ${doing}: the socket is closed`);
}

function named(error: unknown, { doing, translate, table }: ErrorContext & { table: ReadonlyMap<string, Row> }) {
  const row = isParleyError(error) ? undefined : table.get(nativeCode(error));
  if (row === undefined) return translate(error, doing);
  return new ParleyError(row[0], `Cannot ${doing}: ${row[1]}`, { cause: error });
}
