/** What Node and Bun have in common as hosts: `node:process` facts, and no permissions of their own. */
import process from "node:process";
import tty from "node:tty";
import { isMainThread } from "node:worker_threads";
import { mainModuleUrl, preloadedModules, programSource, readInitialEnvironment } from "./launch.ts";
import type { InventoryExchange } from "../../net/inventory_port.ts";
import type { ProgramPort } from "../../permissions/trust/program_port.ts";
import { codeReader } from "./code_hashes.ts";
import { exposureFinder, unmappedUser } from "./file_exposure.ts";
import { inventoryBySocket, onProcessExit } from "./inventory_socket.ts";
import type { HostState, LaunchFacts } from "../host.ts";
import { systemClock } from "../system_clock.ts";
import { processState } from "./process_state.ts";
import { realmBackend } from "./worker_port.ts";

/**
 * Launch facts from `node:process`.
 *
 * @param mainPath Path of the main module as the runtime names it.
 */
export function processLaunch(mainPath: string | undefined): LaunchFacts {
  let initial: ReadonlyMap<string, string> | null = null;
  const readOnce = (): ReadonlyMap<string, string> | null => initial ??= readInitialEnvironment();
  const evaluated = isEvaluated();
  const inWorker = !isMainThread || "WorkerGlobalScope" in globalThis;
  // What follows the text of -e is an argument, even where it looks like a program.
  const mainModule = evaluated ? null : mainModuleUrl(mainPath);
  const source = programSource(mainPath, { evaluated, stdinIsTerminal: tty.isatty(0) });
  return Object.freeze({
    mainModule,
    program: programPort(source, mainModule),
    pid: process.pid,
    inWorker,
    realms: realmBackend({ inWorker, asks: true, listensForever: false }),
    get showsInitialEnv(): boolean {
      return readOnce() !== null;
    },
    initialEnv: (name: string): string | undefined => readOnce()?.get(name),
    env: (name: string): string | undefined => process.env[name],
  });
}

function programPort(source: ProgramPort["source"], loadedFrom: string | null): ProgramPort {
  const mayRead = (): boolean => true;
  const uid = process.getuid?.() ?? null;
  let findExposure: ProgramPort["exposure"] | null = null;
  return Object.freeze({
    ...codeReader(mayRead),
    source,
    loadedFrom,
    preloaded: preloadedModules([...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/u)]),
    // Neither fetches modules: certificates are the affair of whoever installed them.
    uncheckedHosts: null,
    fetchesModules: false,
    exposure: (url: string) => (findExposure ??= exposureFinder({ uid, unmappedUid: unmappedUser(), mayRead }))(url),
  });
}

/** Whether the program stands on the command line. Node tells of it in its own arguments only. */
function isEvaluated(): boolean {
  return process.execArgv.some((flag) => /^(?:-e|-p|-pe|--eval|--print)(?:=|$)/u.test(flag));
}

/** Neither runtime restricts the network by host. */
export function unrestrictedNetwork(): Promise<"granted"> {
  return Promise.resolve("granted");
}

/** The exchange of what is open, for runtimes where files and sockets need no permission. */
export function processInventory({ pid, initialEnv, env }: LaunchFacts): InventoryExchange {
  return inventoryBySocket({
    pid,
    // Private mode may be switched on in any way, the directory only by whoever started the process (CON-15).
    variable: (name) => initialEnv(name) ?? (name === "PARLEY_PRIVATE" ? env(name) : undefined),
    obstacle: () => null,
    onExit: onProcessExit,
  });
}

/** What outlives the process, for runtimes where files need no permission. */
export function ownState(launch: LaunchFacts): HostState {
  return processState({
    launch,
    clock: systemClock,
    obstacle: () => null,
    mayRead: () => true,
    uid: () => process.getuid?.() ?? null,
    onExit: onProcessExit,
  });
}
