/** A `DOMException` that says why: the runtimes' constructors take no cause. */
import type { ParleyError } from "./errors.ts";

const { defineProperty } = Object;

/**
 * Makes a `DOMException` with the failure's message, and the failure as `cause`.
 *
 * @param error The failure.
 * @param name The exception's name, such as `NetworkError`.
 */
export function causedException(error: ParleyError, name: string): DOMException {
  const exception = new DOMException(error.message, name);
  const own = { __proto__: null, value: error, configurable: true, enumerable: false, writable: true };
  return defineProperty(exception, "cause", own);
}
