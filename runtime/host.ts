/** What a runtime is to Parley: one record of back ends and launch facts. `auto.ts` picks; `testing.ts` makes its own. */
import type { Clock } from "../core/clock.ts";
import type { InventoryExchange } from "../net/inventory_port.ts";
import type { NetBackend } from "../net/port.ts";
import type { AttemptCounter } from "../permissions/attempt_limits_port.ts";
import type { AuditPlace } from "../permissions/audit/append_log_port.ts";
import type { PolicyFiles } from "../permissions/policy/policy_files_port.ts";
import type { RuleFile } from "../permissions/policy/rule_file_port.ts";
import type { RecordDirectory, RecordFolder } from "../permissions/store/record_directory_port.ts";
import type { RealmBackend } from "../permissions/delegation/realm_port.ts";
import type { ProgramPort } from "../permissions/trust/program_port.ts";
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
  /** The program's code, to be judged and hashed at first use. Absent on a host that reaches nothing real. */
  readonly program?: ProgramPort;
  /** Connections between the main realm and Workers. Absent where there are none. */
  readonly realms?: RealmBackend;
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

/** What outlives a process, where the runtime's permissions let it be reached. */
export interface HostState {
  /** Small records of one kind: remembered answers, pinned keys. */
  records(folder: RecordFolder): RecordDirectory;
  /** Where the audit log is. */
  readonly audit: AuditPlace;
  /** Counts the attempts of all processes of the account, or null where they cannot know of each other. */
  attempts(): AttemptCounter | null;
  /** The files that decide, those of `--policy` flags among them. */
  policyFiles(flagFiles: readonly string[]): PolicyFiles;
  /** The file that learn mode writes. */
  ruleFile(path: string): RuleFile;
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
  /** What outlives the process; null on a host that leaves nothing behind. */
  readonly state: HostState | null;
  /** How the process was started. */
  readonly launch: LaunchFacts;
  /** Writes one line, already escaped, to standard error for the operator. Never throws. */
  report(line: string): void;
}
