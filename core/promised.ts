/** Members that give promises never throw: https://webidl.spec.whatwg.org/#dfn-attribute-getter */

/**
 * Calls what gives a promise, and turns what it throws into a rejection.
 *
 * @param get Gives the promise; it is returned as it is.
 */
export function promised<T>(get: () => Promise<T>): Promise<T> {
  try {
    return get();
  } catch (error) {
    return Promise.reject(error);
  }
}
