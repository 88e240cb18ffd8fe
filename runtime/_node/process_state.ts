/** What outlives a process, in files of the user's: one record of it for each runtime. Nothing is touched before it is used. */
import type { Clock } from "../../core/clock.ts";
import type { HostState, LaunchFacts } from "../host.ts";
import { auditPlace } from "./append_log_place.ts";
import { attemptCounter } from "./attempt_counter.ts";
import { nodePolicyFiles } from "./policy_files.ts";
import { ruleFile } from "./rule_file.ts";
import { recordDirectory } from "./record_directory.ts";

/** What a runtime says of itself. */
export interface StateSurroundings {
  /** How the process was started. */
  readonly launch: Pick<LaunchFacts, "initialEnv" | "env">;
  /** Time. */
  readonly clock: Clock;
  /** Why files cannot be used without asking anybody; null when they can. */
  obstacle(): string | null;
  /** Whether a path can be looked at without asking anybody. */
  mayRead(path: string): boolean;
  /** The user of this process, or null where the runtime hides it. */
  uid(): number | null;
  /** Calls back when the process ends in order. */
  onExit(callback: () => void): void;
}

/** Puts the places together. */
export function processState(surroundings: StateSurroundings): HostState {
  const { clock, obstacle, mayRead, uid, onExit, launch: { initialEnv, env } } = surroundings;
  const runtimeDirectory = (): string | undefined => obstacle() === null ? initialEnv("XDG_RUNTIME_DIR") : undefined;
  return Object.freeze<HostState>({
    records: (folder) => recordDirectory({ folder, initialEnv, env, obstacle }, clock),
    audit: auditPlace({ variable: initialEnv, obstacle, onExit }),
    attempts: () => attemptCounter({ runtimeDirectory: runtimeDirectory(), nowMs: () => clock.nowMs() }),
    ruleFile: (path) => ruleFile(path, obstacle),
    policyFiles: (flagFiles) => nodePolicyFiles({ flagFiles, clock, initialEnv, mayRead, uid }),
  });
}
