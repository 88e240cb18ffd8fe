/** The error that an injected fault shows as: that of a real one, with the seed that makes it happen again. */
import { ParleyError } from "../../core/errors.ts";

/**
 * Makes the error.
 *
 * @param code As for the real failure.
 * @param message As for the real failure; the seed is added.
 * @param seed Of the plan. Also in `detail`.
 */
export function faultError(
  code: "NET_DNS" | "NET_REFUSED" | "NET_RESET",
  message: string,
  seed: number,
): ParleyError {
  return new ParleyError(code, `${message} (a fault of seed ${seed})`, { detail: { seed } });
}
