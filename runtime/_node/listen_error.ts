/**
 * What a failure to listen, or to reach a path, is called in Parley. The systems use some codes otherwise there than for
 * connections: an address that is not available is one that cannot be listened on, and a path that is not there is a refusal.
 */
import { isParleyError, ParleyError } from "../../core/errors.ts";
import { nativeCode } from "./errors.ts";

/** What was being done, and how the runtime's other errors are turned into Parley's. */
export interface FailureContext {
  /** Completes "Cannot …". */
  readonly doing: string;
  /** Turns the runtime's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
}

/** A Map, because the codes come from outside. */
const IN_USE: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "the address is in use"],
  ["EADDRNOTAVAIL", "it is not an address of this machine"],
  ["EEXIST", "something is there already"],
]);

const NOBODY = "nothing listens there";

/** What the systems say of a path where nobody listens, or where too many wait already. */
const NOT_TAKEN: ReadonlyMap<string, string> = new Map([
  ["ENOENT", NOBODY],
  ["ENOTDIR", NOBODY],
  ["ENOTSOCK", NOBODY],
  ["EPROTOTYPE", NOBODY],
  ["EAGAIN", "too many connections wait there"],
]);

/**
 * Makes Parley's error out of a failure to listen.
 *
 * @param error The runtime's error; a `ParleyError` is passed on unchanged.
 * @param context What was being done.
 */
export function listenError(error: unknown, { doing, translate }: FailureContext): ParleyError {
  const state = isParleyError(error) ? undefined : IN_USE.get(nativeCode(error));
  if (state === undefined) return translate(error, doing);
  return new ParleyError("NET_IN_USE", `Cannot ${doing}: ${state}`, { cause: error });
}

/**
 * Makes Parley's error out of a failure to connect to a path.
 *
 * @param error The runtime's error; a `ParleyError` is passed on unchanged.
 * @param context What was being done.
 */
export function pathError(error: unknown, { doing, translate }: FailureContext): ParleyError {
  const state = isParleyError(error) ? undefined : NOT_TAKEN.get(nativeCode(error));
  if (state === undefined) return translate(error, doing);
  return new ParleyError("NET_REFUSED", `Cannot ${doing}: ${state}`, { cause: error });
}
