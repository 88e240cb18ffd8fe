/**
 * The one place where a failure of Bun's sockets becomes a `ParleyError`.
 *
 * Bun 1.4.5 reports most failures to connect as `ECONNREFUSED`, an unreachable network too; there is no way to tell.
 */
import { isParleyError, type ParleyError } from "../../core/errors.ts";
import { nativeCode, netError } from "../_node/errors.ts";

/**
 * Turns whatever Bun threw or reported into Parley's error.
 *
 * @param error Bun's error; a `ParleyError` is passed on unchanged.
 * @param doing What was being done, to complete "Cannot …".
 */
export function bunNetError(error: unknown, doing: string): ParleyError {
  if (isParleyError(error)) return error;
  return netError(nativeCode(error), { doing, cause: error });
}
