/**
 * Launch facts through `node:`, for Bun and Node, and for Deno where it may.
 * `node:fs` for /proc and real paths (no native API of Bun reads them synchronously at first use), `node:url` for paths.
 */
import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ProgramSource } from "../../permissions/trust/program_port.ts";

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

/**
 * How the program came to the runtime.
 *
 * @param main What the runtime calls the main module: a path or a URL. Undefined for a REPL and where there is none.
 * @param facts Whether the program is text of the command line, and whether standard input is a terminal.
 */
export function programSource(
  main: string | undefined,
  { evaluated, stdinIsTerminal }: { readonly evaluated: boolean; readonly stdinIsTerminal: boolean },
): ProgramSource {
  if (evaluated || main?.endsWith("[eval]") === true) return "typed";
  if (main === undefined || main === "" || main === "-" || main.endsWith("[stdin]")) {
    return stdinIsTerminal ? "typed" : "piped";
  }
  return /^(?:data|blob):/i.test(main) ? "data" : "module";
}

const PRELOADING: ReadonlySet<string> = new Set(["--import", "--preload", "--require", "--loader", "-r"]);

/**
 * Modules that flags have loaded before the program.
 *
 * @param flags The runtime's own arguments.
 * @returns URLs; packages, which are named without a path, are left out.
 */
export function preloadedModules(flags: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const [index, flag] of flags.entries()) {
    const [, name = "", value] = /^(--?[\w-]+?)(?:=(.*))?$/su.exec(flag) ?? [];
    if (!PRELOADING.has(name.replace("--experimental-loader", "--loader"))) continue;
    const specifier = value ?? flags[index + 1] ?? "";
    if (/^(?:file|https?|data|blob):/iu.test(specifier)) found.push(specifier);
    else if (/^(?:\.{1,2}[\\/]|[\\/])/u.test(specifier) || /\.[cm]?[jt]sx?$/u.test(specifier)) {
      found.push(pathToFileURL(path.resolve(specifier)).href);
    }
  }
  return Object.freeze(found);
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
