/** Commands of a stage: with an environment of their own, of which nothing comes from the surroundings, and how they end. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { TestRuntime } from "../../support/runtimes.ts";
import type { TerminalDialogue } from "../../support/terminal_dialogue.ts";
import type { ConsentFolders } from "./consent_program.ts";

/** How a command ended. */
export interface CommandEnd {
  /** Exit status. */
  readonly status: number | null;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

const ENV = "/usr/bin/env";

/**
 * A command with the account's directories, and nothing of the surroundings but where a runtime has its caches.
 *
 * @param argv The command.
 * @param how The account, the working directory, and further variables; an empty one is left out.
 */
export function cleanCommand(
  argv: readonly string[],
  { folders, cwd, variables }: {
    readonly folders: ConsentFolders;
    readonly cwd: string;
    readonly variables: Readonly<Record<string, string>>;
  },
): readonly string[] {
  const { home, state, config, runtime } = folders;
  const all = {
    PATH: "/usr/bin:/bin",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    DENO_DIR: denoDirectory(),
    HOME: home,
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: config,
    XDG_RUNTIME_DIR: runtime,
    ...variables,
  };
  const given = Object.entries(all).filter(([, value]) => value !== "").map(([name, value]) => `${name}=${value}`);
  return [ENV, "-i", "-C", cwd, ...given, ...argv];
}

/** Reads and waits for a child's end. */
export function commandEnd(child: ChildProcess): Promise<CommandEnd> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout: stdout.join(""), stderr: stderr.join("") }));
  });
}

/** The end of what ran at a terminal. */
export function terminalEnd(status: number | null, terminal: TerminalDialogue): CommandEnd {
  return { status, stdout: terminal.text, stderr: "" };
}

/** Deno's arguments. A program outside the project has to be told where the project's settings are. */
export function denoFlags(runtime: TestRuntime, config: string | null): readonly string[] {
  if (runtime !== "deno") return [];
  return ["run", "-A", "--no-check", "--cached-only", "--quiet", ...(config === null ? [] : ["--config", config])];
}

function denoDirectory(): string {
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "" } = process.env;
  return DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno");
}
