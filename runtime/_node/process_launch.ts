/** What Node and Bun have in common as hosts: `node:process` facts, and no permissions of their own. */
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { mainModuleUrl, readInitialEnvironment } from "./launch.ts";
import type { InventoryExchange } from "../../net/inventory_port.ts";
import { inventoryBySocket, onProcessExit } from "./inventory_socket.ts";
import type { LaunchFacts } from "../host.ts";

/**
 * Launch facts from `node:process`.
 *
 * @param mainPath Path of the main module as the runtime names it.
 */
export function processLaunch(mainPath: string | undefined): LaunchFacts {
  let initial: ReadonlyMap<string, string> | null = null;
  const readOnce = (): ReadonlyMap<string, string> | null => initial ??= readInitialEnvironment();
  return Object.freeze({
    mainModule: mainModuleUrl(mainPath),
    pid: process.pid,
    inWorker: !isMainThread || "WorkerGlobalScope" in globalThis,
    get showsInitialEnv(): boolean {
      return readOnce() !== null;
    },
    initialEnv: (name: string): string | undefined => readOnce()?.get(name),
    env: (name: string): string | undefined => process.env[name],
  });
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
