/** `SocketError`, and what of Parley's own failures it stands for. */
import { ParleyError } from "../../../core/errors.ts";
import { isRefusal, refusalException } from "../../refusal.ts";

/**
 * What the WinterTC Sockets API fails with: a `TypeError` whose message begins with `SocketError: `.
 *
 * `name` stays `TypeError`, as for every instance of that class. A connection that was approved and failed has a
 * `ParleyError` with a stable code as `cause`; a refusal has none.
 *
 * https://sockets-api.proposal.wintertc.org/#socket-error
 *
 * @example A malformed address
 * ```ts
 * import { connect, SocketError } from "@parley/parley/wintertc";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => connect("echo.example"), SocketError);
 * ```
 */
export class SocketError extends TypeError {
  /**
   * Makes an error.
   *
   * @param message What went wrong, without the prefix.
   * @param options The cause, if there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(`SocketError: ${message}`, options);
  }
}

/**
 * Makes the translation for one request. Every refusal becomes the same error, whose message is a function of the request
 * alone (NET-17); what fails after approval has its `ParleyError` as `cause`. One failure is one error, however many
 * promises tell of it.
 *
 * @param where What the script asked for, as it asked for it.
 */
export function faceErrors(where: string): (error: unknown) => unknown {
  const known = new WeakMap<ParleyError, unknown>();
  return (error) => {
    if (!(error instanceof ParleyError)) return error;
    if (!known.has(error)) known.set(error, translate(error, where));
    return known.get(error);
  };
}

/**
 * Calls a conversion, whose refusals of a destination are the face's own error: they are decided before anyone is asked.
 *
 * @param convert The conversion.
 * @throws {SocketError} for a `ParleyError` of the conversion; and whatever else it throws.
 */
export function orSocketError<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw error instanceof ParleyError ? new SocketError(error.message, { cause: error }) : error;
  }
}

function translate(error: ParleyError, where: string): unknown {
  const { code } = error;
  if (isRefusal(error)) return new SocketError(refusalException(error, `connect to ${where}`).message);
  if (code === "NET_ABORTED" && error.cause !== undefined) return error.cause;
  return new SocketError(error.message, { cause: error });
}
