/** Picks the host for the runtime this code runs on. The imports are literal, so that bundlers see them. */
import { ParleyError } from "../core/errors.ts";
import type { CommandHost } from "./command.ts";
import type { Host, LaunchFacts } from "./host.ts";

/**
 * Loaded with Parley and not at first use, so that the back end captures what it needs of the runtime before the program's
 * own code runs (CORE-01). Importing Parley never fails for that: asking for the host does.
 */
const loaded: { readonly host: Host; readonly error: null } | { readonly host: null; readonly error: unknown } =
  await runtimeHost().then(
    (host) => ({ host, error: null }),
    (error: unknown) => ({ host: null, error }),
  );

/**
 * The host of this process. With `PARLEY_HOST=memory` in the environment it is one that reaches nothing real.
 *
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` on a runtime that Parley does not know.
 */
export async function autoHost(): Promise<Host> {
  const { host, error } = loaded;
  if (host === null) throw error;
  return wantsMemory(host.launch, host.name) ? (await import("./memory/mod.ts")).createMemoryHost() : host;
}

/**
 * The surroundings of the `parley` command.
 *
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` on a runtime that Parley does not know.
 */
export async function autoCommandHost(): Promise<CommandHost> {
  if ("Deno" in globalThis) return (await import("./deno/command.ts")).createCommandHost();
  if ("Bun" in globalThis) return (await import("./bun/command.ts")).createCommandHost();
  if ("process" in globalThis) return (await import("./node/command.ts")).createCommandHost();
  throw unsupported();
}

async function runtimeHost(): Promise<Host> {
  if ("Deno" in globalThis) return (await import("./deno/mod.ts")).host;
  if ("Bun" in globalThis) return (await import("./bun/mod.ts")).host;
  if ("process" in globalThis) return (await import("./node/mod.ts")).host;
  throw unsupported();
}

function unsupported(): ParleyError {
  return new ParleyError("RUNTIME_UNSUPPORTED", "Cannot start: this runtime is not supported");
}

/** Deno reads no file into its environment unless told to at launch, and hides the initial one without all permissions. */
function wantsMemory(launch: LaunchFacts, name: Host["name"]): boolean {
  return (name === "deno" ? launch.env("PARLEY_HOST") : launch.initialEnv("PARLEY_HOST")) === "memory";
}
