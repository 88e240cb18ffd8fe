/** What a runtime is to Parley: one record of back ends and launch facts. `auto.ts` picks; `testing.ts` makes its own. */
import type { Clock } from "../core/clock.ts";
import type { InventoryExchange } from "../net/inventory_port.ts";
import type { NetBackend } from "../net/port.ts";
import type { TerminalBackend } from "../permissions/terminal/port.ts";

/** The runtimes Parley runs on, and the host that reaches nothing real. */
export type RuntimeName = "deno" | "bun" | "node" | "memory";

/** Facts about how the process was started. Whatever the runtime's own permissions hide counts as absent. */
export interface LaunchFacts {
  /** URL of the main module (a file: URL holds the real path, links resolved), or null (REPL, eval, stdin). */
  readonly mainModule: string | null;
  /** Process id. */
  readonly pid: number;
  /** Whether this code runs in a Worker. */
  readonly inWorker: boolean;
  /** Whether `initialEnv` can tell at all; if not, nothing can be approved by a variable. */
  readonly showsInitialEnv: boolean;
  /**
   * A variable as it stood in the environment the process started with, never as a file or the program set it later
   * (CON-15). Undefined when absent, and when that cannot be told.
   */
  initialEnv(name: string): string | undefined;
  /** Whether a variable with this name is set in any way. For harmless matters (NO_COLOR, TERM, CI) only. */
  env(name: string): string | undefined;
}

/** Everything a runtime supplies. */
export interface Host {
  /** Which runtime. */
  readonly name: RuntimeName;
  /** The network. */
  readonly net: NetBackend;
  /** The controlling terminal. */
  readonly terminal: TerminalBackend;
  /**
   * What the runtime's own permissions say about a destination, found out without prompting. `granted` where the runtime
   * has none.
   */
  networkState(host: string, port: number): Promise<"granted" | "denied" | "prompt">;
  /** Time. */
  readonly clock: Clock;
  /** How processes of the user show each other what is open. */
  readonly inventory: InventoryExchange;
  /** How the process was started. */
  readonly launch: LaunchFacts;
  /** Writes one line, already escaped, to standard error for the operator. Never throws. */
  report(line: string): void;
}
