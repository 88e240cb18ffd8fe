/** Runs a command in a session of its own, where there is no terminal to ask at, and collects what it prints. */
import { spawn } from "node:child_process";
import { operatorEnvironment } from "../support/terminal_dialogue.ts";

/** What a command printed. */
export interface CommandOutput {
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
  /** Status; null after a signal. */
  readonly status: number | null;
}

const TIMEOUT_MS = 30_000;

/**
 * Runs a command to its end.
 *
 * @param argv Program and arguments.
 * @param env Added to an environment without PARLEY_ALLOW and CI.
 */
export function runWithoutTerminal(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutput> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: operatorEnvironment(env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      timeout: TIMEOUT_MS,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.on("error", reject);
    child.on("close", (status) => resolve({ stdout, stderr, status }));
  });
}
