/**
 * Schemas of objects that know no key but those that are written in them. The package goes through the keys of a schema with
 * those that it inherits: a name on `Object.prototype` would be one more that every file has to have (CORE-01).
 */
import * as v from "valibot";
import { hardened, refuseDangerousKeys } from "../core/dictionary.ts";

const { create, keys } = Object;
const { isArray } = Array;

/**
 * The same value of objects that inherit from nothing, so that nothing can be read that is not written there.
 *
 * @param value What `JSON.parse` returned.
 * @param what What it is, for the message.
 * @throws {ParleyError} `CONFIG_INVALID` for a key with which prototypes are reached, and for values nested too deep.
 */
export function bareJson(value: unknown, what: string): unknown {
  refuseDangerousKeys(value, what);
  return bare(value);
}

function bare(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map(bare);
  const own = create(null) as Record<string, unknown>;
  for (const key of keys(value)) own[key] = bare((value as Record<string, unknown>)[key]);
  return own;
}

/** An object with these keys and no others. */
export function strictObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  return v.strictObject(hardened(entries));
}

/** An object with these keys; others are left out. */
export function objectWith<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.ObjectSchema<Entries, undefined> {
  return v.object(hardened(entries));
}
