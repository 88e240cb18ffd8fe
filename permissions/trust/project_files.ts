/** The files of a project that stand beside its code or above it: lockfiles, and what names modules. */
import type { CodeReader } from "./program_port.ts";

/** A file that was read. */
export interface FoundFile {
  /** Its URL. */
  readonly url: string;
  /** What is in it. */
  readonly bytes: Uint8Array;
}

/** A lockfile of a very large project has about this size. */
const MAX_LOCK_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 64;
const LOCKFILES: readonly string[] = [
  "deno.lock",
  "bun.lock",
  "bun.lockb",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
];

/**
 * Finds files by name in the nearest directory that has any of them: the given one, or one above it.
 *
 * @param module URL of the module to begin beside.
 * @param wanted The names, how large a file may be, and the reader.
 * @returns Every one of them in that directory, in the order of the names; none when there is no such directory.
 */
export function nearestFiles(
  module: string,
  { names, maxBytes, reader }: {
    readonly names: readonly string[];
    readonly maxBytes: number;
    readonly reader: CodeReader;
  },
): readonly FoundFile[] {
  let directory = new URL(".", module);
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const found: FoundFile[] = [];
    for (const name of names) {
      const url = new URL(name, directory).href;
      const bytes = reader.read(url, maxBytes);
      if (bytes !== null && bytes !== "too-large") found.push({ url, bytes });
    }
    if (found.length > 0) return found;
    const above = new URL("..", directory);
    if (above.href === directory.href) break;
    directory = above;
  }
  return [];
}

/**
 * Hashes the lockfile that holds for a module: the nearest one upwards. Where one directory has several, the hash is that
 * of all of them.
 *
 * @param module URL of the module.
 * @param reader Reads and hashes.
 * @returns Lower-case hex, or null where there is none.
 */
export function hashLockfile(module: string, reader: CodeReader): string | null {
  const files = nearestFiles(module, { names: LOCKFILES, maxBytes: MAX_LOCK_BYTES, reader });
  const hashes = files.map(({ bytes }) => reader.sha256(bytes));
  const [first = null] = hashes;
  return hashes.length < 2 ? first : reader.sha256(new TextEncoder().encode(hashes.join("\n")));
}
