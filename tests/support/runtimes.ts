/**
 * Where the pinned runtimes are. Suites that start other runtimes ask here, never PATH, where `node` may be years old.
 *
 * Deno is the one that runs the task. Bun and Node come from npm into `node_modules/.cache/parley`, once.
 */
import { spawn } from "node:child_process";
import { access, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A runtime that Parley is tested on. */
export type TestRuntime = "deno" | "bun" | "node";

/** The versions the tests run on. `check_twins` holds every mention elsewhere against them. */
export const RUNTIME_VERSIONS: Readonly<Record<TestRuntime, string>> = Object.freeze({
  deno: "2.9.6",
  bun: "1.4.5",
  node: "24.21.0",
});

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/parley/", import.meta.url));
const VARIABLES = { deno: "PARLEY_TEST_DENO", bun: "PARLEY_TEST_BUN", node: "PARLEY_TEST_NODE" } as const;
const INSTALL_LIMIT_MS = 300_000;
const pending = new Map<TestRuntime, Promise<string>>();

/**
 * Finds the pinned binary of a runtime, and installs it where it is not there yet.
 *
 * The variables PARLEY_TEST_DENO, PARLEY_TEST_BUN and PARLEY_TEST_NODE take precedence: the test runner sets them for
 * its children, and a developer may, to try another version.
 *
 * @param runtime Which one.
 * @returns Its absolute path.
 * @throws {TypeError} When it is not there and cannot be installed; the message says what to do.
 */
export function runtimePath(runtime: TestRuntime): Promise<string> {
  const known = pending.get(runtime) ?? findRuntime(runtime);
  pending.set(runtime, known);
  return known;
}

async function findRuntime(runtime: TestRuntime): Promise<string> {
  const given = process.env[VARIABLES[runtime]];
  if (given !== undefined && given !== "") return given;
  if (runtime === "deno") {
    if ("Deno" in globalThis) return process.execPath;
    throw new TypeError(`Cannot find deno: run the tests with "deno task", or set ${VARIABLES.deno} to its path`);
  }
  const folder = join(CACHE, `${runtime}-${RUNTIME_VERSIONS[runtime]}`);
  const link = join(folder, "node_modules", ".bin", runtime);
  if (!(await exists(link))) await install(runtime, folder);
  const path = await realpath(link).catch(() => link);
  const version = await run(path, ["--version"]).catch((error: Error) => ({ status: -1, output: error.message }));
  if (version.status !== 0 || version.output.trim().replace(/^v/, "") !== RUNTIME_VERSIONS[runtime]) {
    throw new TypeError(`Cannot use ${path}: it says "${version.output.trim()}"; remove ${folder} and try again`);
  }
  return path;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

async function install(runtime: TestRuntime, folder: string): Promise<void> {
  const wanted = `${runtime}@${RUNTIME_VERSIONS[runtime]}`;
  console.log(`Installing ${wanted} from npm, once ...`);
  await mkdir(folder, { recursive: true });
  // A package.json of its own, so that npm neither walks up to the project's nor writes a lock file into it.
  const args = ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--no-package-lock"];
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const flags = ["--ignore-scripts=false", "--loglevel=error"];
  const result = await run(npm, [...args, ...flags, wanted])
    .catch((error: Error) => ({ status: -1, output: error.message }));
  if (result.status === 0 && (await exists(join(folder, "node_modules", ".bin", runtime)))) return;
  throw new TypeError(
    `Cannot install ${wanted}: npm ended with ${result.status}. ` +
      `Connect to the npm registry once, or set ${VARIABLES[runtime]} to a ${runtime} binary ` +
      `(or leave it out with --runtime). npm said: ${result.output.trim()}`,
  );
}

/** Runs a program; the settings that an outer npx put into the environment do not reach it. */
function run(program: string, args: readonly string[]): Promise<{ status: number; output: string }> {
  const outer = /^npm_(config_(prefix|local_prefix|global|yes|package|call)|package_|lifecycle_|command$|execpath$)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: INSTALL_LIMIT_MS });
    let output = "";
    child.stdout.on("data", (chunk: Uint8Array) => output += String(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => output += String(chunk));
    child.on("error", reject);
    child.on("close", (status: number | null) => resolve({ status: status ?? -1, output }));
  });
}
