/**
 * Reading options that a program passes, and making records that a polluted `Object.prototype` cannot add to (CORE-01).
 */
import { ParleyError } from "./errors.ts";

// Taken at load: code that runs later cannot change how an option is read.
const { getPrototypeOf, hasOwn, keys, freeze, create, prototype: objectPrototype } = Object;
const { get } = Reflect;
const { isArray } = Array;

/** A prototype chain may be endless (proxies); no honest one is this long. */
const MAX_CHAIN = 64;
/** Deeper JSON than this is refused. */
const MAX_DEPTH = 64;

const DANGEROUS_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads one member of a Web IDL dictionary.
 *
 * Own properties and those of classes count, accessors included; those of `Object.prototype` do not, because whoever
 * pollutes it would otherwise set every option that a program leaves out.
 *
 * @param dictionary The dictionary as the program passed it.
 * @param name The member's name.
 * @returns The member's value; undefined when it is absent, and when the dictionary is not an object.
 */
export function member(dictionary: unknown, name: string): unknown {
  if (!isObject(dictionary)) return undefined;
  let holder: object | null = dictionary;
  for (let depth = 0; holder !== null && holder !== objectPrototype && depth < MAX_CHAIN; depth++) {
    if (hasOwn(holder, name)) return get(holder, name, dictionary);
    holder = getPrototypeOf(holder) as object | null;
  }
  return undefined;
}

/**
 * The first step of converting a value to a dictionary.
 *
 * @param value What the program passed.
 * @param what What it is, for the message: `options`.
 * @returns The object, or null for undefined and null.
 * @throws {TypeError} When it is something else.
 */
export function requireDictionary(value: unknown, what: string): object | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new TypeError(`Cannot convert ${what}: not an object`);
  return value;
}

/**
 * A frozen copy of a record that inherits from nothing, for options given to a runtime and for decisions.
 *
 * @param record The record. Its own enumerable properties are copied; the values themselves are neither copied nor frozen.
 * @returns The copy. A property that is absent from it is undefined, whatever `Object.prototype` says.
 */
export function hardened<T extends object>(record: T): T {
  const copy = create(null) as T;
  for (const key of keys(record)) copy[key as keyof T] = record[key as keyof T];
  return freeze(copy);
}

/**
 * Refuses parsed JSON that has a key with which prototypes are reached, at any depth.
 *
 * @param value What `JSON.parse` returned.
 * @param what What it is, for the message: a file's name.
 * @throws {ParleyError} `CONFIG_INVALID` for such a key, and for values nested more than 64 deep.
 */
export function refuseDangerousKeys(value: unknown, what: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      throw new ParleyError("CONFIG_INVALID", `Cannot accept ${what}: it is nested more than ${MAX_DEPTH} deep`);
    }
    const next: unknown[] = [];
    for (const item of level) {
      if (!isObject(item)) continue;
      for (const key of keys(item)) {
        if (!isArray(item) && DANGEROUS_KEYS.has(key)) {
          throw new ParleyError("CONFIG_INVALID", `Cannot accept ${what}: it has a key named ${key}`, {
            detail: { key },
          });
        }
        next.push(get(item, key));
      }
    }
    level = next;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
