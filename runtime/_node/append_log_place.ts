/** Where the audit log is: `$XDG_STATE_HOME/parley`, by default `~/.local/state/parley`. */
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import type { AppendLog, AuditPlace, AuditReader, Digest } from "../../permissions/audit/append_log_port.ts";
import { FileAppendLog } from "./append_log.ts";
import { readLog } from "./append_log_reader.ts";
import { ownDirectory } from "./own_directory.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, mkdirSync } = fs;
const { isAbsolute, join } = path;
const { createHash, createHmac } = crypto;

/** Bytes after which the log is put aside, by default. */
const MAX_BYTES = 10 * 1024 * 1024;
const DIRECTORY = "parley";

/** What the place needs of a runtime. */
export interface LogSurroundings {
  /** A variable of the environment that the process started with. */
  variable(name: string): string | undefined;
  /** Why files and variables cannot be used without asking anybody; null when they can. */
  obstacle(): string | null;
  /** Calls back when the process ends. */
  onExit(callback: () => void): void;
  /** Bytes after which the log is put aside; 10 MiB by default. */
  readonly maxBytes?: number;
}

/** Hashes by the runtime's own library. */
export const nodeDigest: Digest = Object.freeze({
  sha256: (text: string) => createHash("sha256").update(text, "utf8").digest("hex"),
  hmac: (key: string, text: string) => createHmac("sha256", key).update(text, "utf8").digest("hex"),
});

/**
 * The place of the log in the user's state directory.
 *
 * @param surroundings What the runtime says.
 */
export function auditPlace(surroundings: LogSurroundings): AuditPlace {
  const obstacle = (): string | null => {
    const state = surroundings.obstacle();
    if (state !== null || stateHome(surroundings) !== null) return state;
    return "neither XDG_STATE_HOME nor HOME is an absolute path";
  };
  const required = (): string => {
    const state = obstacle();
    const base = stateHome(surroundings);
    if (base !== null && state === null) return base;
    throw new ParleyError("CONFIG_INVALID", `Cannot use the audit log: ${state}`);
  };
  return Object.freeze({
    digest: nodeDigest,
    obstacle,
    writer(): AppendLog {
      const base = required();
      const directory = (): string => madeDirectory(base);
      return new FileAppendLog({ directory, maxBytes: surroundings.maxBytes ?? MAX_BYTES });
    },
    reader(): AuditReader {
      const base = required();
      const isThere = lstatSync(base, { throwIfNoEntry: false }) !== undefined;
      return readLog(isThere ? ownDirectory(base, DIRECTORY, { make: false }) : null);
    },
    onExit: (callback: () => void) => surroundings.onExit(callback),
  });
}

/** What is not an absolute path counts as absent, as the base directory specification has it. */
function stateHome({ variable }: LogSurroundings): string | null {
  const given = variable("XDG_STATE_HOME") ?? "";
  if (isAbsolute(given)) return given;
  const home = variable("HOME") ?? "";
  return isAbsolute(home) ? join(home, ".local", "state") : null;
}

function madeDirectory(base: string): string {
  mkdirSync(base, { __proto__: null, mode: 0o700, recursive: true } as { mode: number; recursive: boolean });
  return ownDirectory(base, DIRECTORY, { make: true }) as string;
}
