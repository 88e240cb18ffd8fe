/** Launch facts on Deno. Bookkeeping never triggers a Deno prompt: what is not granted counts as absent. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import type { ProgramPort, ProgramSource } from "../../permissions/trust/program_port.ts";
import { codeReader } from "../_node/code_hashes.ts";
import { exposureFinder, unmappedUser } from "../_node/file_exposure.ts";
import { preloadedModules, readInitialEnvironment } from "../_node/launch.ts";
import { realmBackend } from "../_node/worker_port.ts";
import type { LaunchFacts } from "../host.ts";

const ALL = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
/** Deno knows both kinds of Workers, each by a sign of its own. */
const IN_WORKER = "WorkerGlobalScope" in globalThis || !isMainThread;
let initial: ReadonlyMap<string, string> | null | undefined;

/** Whether the process was started with all permissions; only then does Deno let /proc/self be read. */
export function hasAllPermissions(): boolean {
  return ALL.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** How this Deno process was started. */
export const denoLaunch: LaunchFacts = Object.freeze({
  mainModule: mainModule(),
  pid: Deno.pid,
  inWorker: IN_WORKER,
  realms: realmBackend({ inWorker: IN_WORKER, asks: false, listensForever: isMainThread }),
  program: programPort(),
  get showsInitialEnv(): boolean {
    return readOnce() !== null;
  },
  initialEnv(name: string): string | undefined {
    return readOnce()?.get(name);
  },
  env(variable: string): string | undefined {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
});

function readOnce(): ReadonlyMap<string, string> | null {
  if (initial === undefined) initial = hasAllPermissions() ? readInitialEnvironment() : null;
  return initial;
}

/** A Worker has none. */
function namedMain(): string | undefined {
  return Deno.mainModule as string | undefined;
}

function mainModule(): string | null {
  const url = namedMain();
  if (url === undefined || sourceOf(url) !== "module") return null;
  if (!url.startsWith("file:")) return url;
  try {
    const path = fileURLToPath(url);
    // Through links, so that a program has one name; without permission to read it keeps the one it was started by.
    return mayRead(path) ? pathToFileURL(Deno.realPathSync(path)).href : url;
  } catch {
    return url;
  }
}

function sourceOf(url: string | undefined): ProgramSource {
  if (url === undefined) return "module";
  if (/^(?:data|blob):/i.test(url)) return "data";
  const [, how] = /\/\$deno\$(eval|stdin|repl)\b[^/]*$/u.exec(url) ?? [];
  if (how === undefined) return "module";
  return how === "eval" || Deno.stdin.isTerminal() ? "typed" : "piped";
}

function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** Looked at when it is first needed: what Deno was told stands in /proc/self. */
function programPort(): ProgramPort {
  let flags: readonly string[] | undefined;
  const ownFlags = (): readonly string[] => flags ??= hasAllPermissions() ? commandFlags() : [];
  let findExposure: ProgramPort["exposure"] | null = null;
  return Object.freeze({
    ...codeReader(mayRead),
    source: sourceOf(namedMain()),
    loadedFrom: namedMain() ?? null,
    fetchesModules: true,
    get preloaded(): readonly string[] {
      return preloadedModules(ownFlags());
    },
    get uncheckedHosts(): readonly string[] | null {
      return uncheckedHosts(ownFlags());
    },
    exposure: (url: string) => (findExposure ??= exposureFinder(exposureFacts()))(url),
  });
}

function exposureFacts(): Parameters<typeof exposureFinder>[0] {
  const knowsUid = Deno.permissions.querySync({ name: "sys", kind: "uid" }).state === "granted";
  return { uid: knowsUid ? Deno.uid() : null, unmappedUid: hasAllPermissions() ? unmappedUser() : null, mayRead };
}

/** The arguments before the program's own. */
function commandFlags(): readonly string[] {
  try {
    const all = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
    return all.slice(1, all.length - Deno.args.length);
  } catch {
    return [];
  }
}

const UNCHECKED = "--unsafely-ignore-certificate-errors";

function uncheckedHosts(flags: readonly string[]): readonly string[] | null {
  const values = flags.filter((flag) => flag === UNCHECKED || flag.startsWith(`${UNCHECKED}=`))
    .map((flag) => flag.slice(UNCHECKED.length + 1));
  if (values.length === 0) return null;
  return Object.freeze(values.includes("") ? [] : values.flatMap((value) => value.split(",")));
}
