/** Runs the `parley` command from the source tree on the runtime that runs the tests, without a terminal. */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME } from "./harness.ts";

/** What a run came to. */
export interface CommandRun {
  /** Exit status. */
  readonly status: number | null;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/**
 * Runs it to its end.
 *
 * @param args Arguments.
 * @param options Standard input (empty by default), variables to add, working directory.
 */
export function runCommand(
  args: readonly string[],
  options: { readonly stdin?: string; readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<CommandRun> {
  const flags = RUNTIME === "deno" ? ["run", "-A"] : [];
  const { CI: _ci, PARLEY_ALLOW: _allow, ...inherited } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, MAIN, ...args], {
      env: { ...inherited, ...options.env },
      cwd: options.cwd,
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
    child.stdin.end(options.stdin ?? "");
  });
}
