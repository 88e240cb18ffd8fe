/** What a module says of itself by its `import.meta`: a label, never evidence. */
import { member, requireDictionary } from "../../core/dictionary.ts";

const { getPrototypeOf } = Object;
const { get } = Reflect;

/** The part of `import.meta` that is looked at. */
export interface ModuleMeta {
  /** The module's URL. */
  readonly url: string;
  /** Whether it says that it is the main module. */
  readonly isMain: boolean;
}

/**
 * Reads an `import.meta`.
 *
 * @param meta What the program passed.
 * @throws {TypeError} When it has no URL.
 */
export function readModuleMeta(meta: unknown): ModuleMeta {
  const record = requireDictionary(meta, "import.meta");
  const url = read(record, "url");
  if (typeof url !== "string" || URL.parse(url) === null) {
    throw new TypeError("Cannot use import.meta: it has no URL");
  }
  return Object.freeze({ url, isMain: read(record, "main") === true });
}

/** Bun's `import.meta` inherits from nothing and has its members without owning them. */
function read(meta: object | null, name: string): unknown {
  return meta !== null && getPrototypeOf(meta) === null ? get(meta, name) : member(meta, name);
}
