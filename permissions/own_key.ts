/** Telling alternatives apart by a key of their own: what stands on `Object.prototype` makes none of them another (CORE-01). */

const { hasOwn } = Object;

/**
 * Whether a record is the alternative that has a key.
 *
 * @param record One of several alternatives.
 * @param key A key that only some of them have.
 */
export function hasOwnKey<Alternatives extends object, Key extends string>(
  record: Alternatives,
  key: Key,
): record is Extract<Alternatives, { readonly [key in Key]: unknown }> {
  return hasOwn(record, key);
}
