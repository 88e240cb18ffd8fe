/** Launch facts on Deno. Bookkeeping never triggers a Deno prompt: what is not granted counts as absent. */
import { readInitialEnvironment } from "../_node/launch.ts";
import type { LaunchFacts } from "../host.ts";

const ALL = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
let initial: ReadonlyMap<string, string> | null | undefined;

/** Whether the process was started with all permissions; only then does Deno let /proc/self be read. */
export function hasAllPermissions(): boolean {
  return ALL.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** How this Deno process was started. */
export const denoLaunch: LaunchFacts = Object.freeze({
  mainModule: mainModule(),
  pid: Deno.pid,
  inWorker: "WorkerGlobalScope" in globalThis,
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

function mainModule(): string | null {
  // A Worker has none.
  const url = Deno.mainModule as string | undefined;
  if (url === undefined) return null;
  return /\/\$deno\$(?:eval|stdin)\b/u.test(url) || url.startsWith("data:") || url.startsWith("blob:") ? null : url;
}
