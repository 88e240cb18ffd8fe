/** The one place where a failure of Node's network modules becomes a `ParleyError`. */
import { isParleyError, type ParleyError } from "../../core/errors.ts";
import { nativeCode, netError } from "../_node/errors.ts";

/**
 * Turns whatever Node threw or emitted into Parley's error.
 *
 * @param error Node's error; a `ParleyError` is passed on unchanged.
 * @param doing What was being done, to complete "Cannot …".
 */
export function nodeNetError(error: unknown, doing: string): ParleyError {
  if (isParleyError(error)) return error;
  return netError(nativeCode(error), { doing, cause: error });
}
