/**
 * Launch facts through `node:`, for Bun and Node, and for Deno where it may.
 * `node:fs` for /proc and real paths (no native API of Bun reads them synchronously at first use), `node:url` for paths.
 */
import { readFileSync, realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * The environment as the kernel handed it to the process. What a file or the program set later is not in it, unlike in
 * `process.env`: Bun loads `.env` from the working directory before anything else runs (CON-15).
 *
 * @returns Null where the system does not show it.
 */
export function readInitialEnvironment(): ReadonlyMap<string, string> | null {
  try {
    const entries = readFileSync("/proc/self/environ", "utf8").split("\0");
    // The first of equal names counts, as for getenv().
    return new Map(entries.reverse().filter((entry) => entry.includes("=")).map(splitEntry));
  } catch {
    return null;
  }
}

/** The URL of a main module given as a path, links resolved; null for eval and standard input. */
export function mainModuleUrl(path: string | undefined): string | null {
  if (path === undefined || path === "" || path === "-" || /[\\/]\[(?:eval|stdin)\]$/u.test(path)) return null;
  try {
    return pathToFileURL(realpathSync(path)).href;
  } catch {
    return null;
  }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
