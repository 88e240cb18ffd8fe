/** Runs a program at a pseudo-terminal by a script of steps (`pty.py`), on a runtime of choice. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const PYTHON = "/usr/bin/python3";
const DRIVER = fileURLToPath(new URL("./pty.py", import.meta.url));
/** Set where suites run, and read by what is tested. */
const CLEANED = ["CI", "INVOCATION_ID", "NO_COLOR", "FORCE_COLOR", "LC_ALL", "LC_CTYPE"];

/** A runtime, or Deno without any permission. */
export type PtyRuntime = "deno" | "deno-narrow" | "bun" | "node";

/** One step of a script. Patterns are Python's, searched in what came since the last match. */
export type PtyStep =
  /** Waits for text on the terminal. */
  | { readonly do: "expect"; readonly pattern: string }
  /** Waits for text on standard output, which is not the terminal. */
  | { readonly do: "expectOut"; readonly pattern: string }
  /** Types. */
  | { readonly do: "send"; readonly text: string }
  /** Types the last text on the terminal that the pattern's group matches, and then `then`. */
  | { readonly do: "sendMatch"; readonly pattern: string; readonly then: string }
  /** Types again and again, until the program ends. Without text it is a pause in which the program is watched. */
  | { readonly do: "repeat"; readonly text: string; readonly times: number; readonly everyMs: number }
  /** Changes the terminal's size. */
  | { readonly do: "resize"; readonly columns: number; readonly rows: number }
  /** Signals the program. */
  | { readonly do: "signal"; readonly name: string }
  /** `fg`, `bg`, closing the terminal window, recording the flags, waiting for the end. */
  | { readonly do: "foreground" | "background" | "hangUp" | "flags" | "exit" };

/** What to run. */
export interface PtyPlan {
  /** On which runtime. */
  readonly runtime: PtyRuntime;
  /** Path of the program. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** The script. */
  readonly steps: readonly PtyStep[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input is. Default `tty`. */
  readonly stdin?: "tty" | "pipe" | "null" | "closed";
  /** What stands in the pipe. */
  readonly stdinText?: string;
  /** What standard output is. Default `pipe`. */
  readonly stdout?: "pipe" | "tty";
  /** Whether there is a controlling terminal. Default true. */
  readonly tty?: boolean;
  /** Whether the program starts as a background job. */
  readonly background?: boolean;
  /** Size. Default 80 by 40. */
  readonly columns?: number;
  /** Size. */
  readonly rows?: number;
  /** Milliseconds for all of it. Default 20,000. */
  readonly timeoutMs?: number;
}

/** The terminal's local flags. */
export interface PtyFlags {
  /** Line mode. */
  readonly icanon: boolean;
  /** Echo. */
  readonly echo: boolean;
  /** Whether Ctrl-C is a signal. */
  readonly isig: boolean;
}

/** What happened. */
export interface PtyResult {
  /** Everything on the terminal. */
  readonly raw: string;
  /** The same as a screen would show it. */
  readonly screen: string;
  /** Control sequences other than colours. */
  readonly otherControls: readonly string[];
  /** Standard output. */
  readonly stdout: string;
  /** How it ended. */
  readonly exit: { readonly code?: number; readonly signal?: number } | null;
  /** Signals that stopped it. */
  readonly stops: readonly number[];
  /** The flags at the end; null after a hang-up. */
  readonly flags: PtyFlags | null;
  /** The flags at each `flags` step. */
  readonly samples: readonly (PtyFlags | null)[];
  /** The step that failed, or null. */
  readonly failed: { readonly index: number; readonly step: unknown } | null;
}

/** Why the suite cannot run here, or null. */
export function ptyMissing(): string | null {
  if (!existsSync(PYTHON)) return `package python3 is missing (${PYTHON})`;
  return process.platform === "linux" ? null : "the suite needs Linux";
}

/**
 * Where a runtime is: from `PARLEY_TEST_DENO`, `PARLEY_TEST_BUN`, `PARLEY_TEST_NODE`, else on PATH.
 *
 * @returns Its path, or null.
 */
export function runtimePath(runtime: PtyRuntime): string | null {
  const name = runtime === "deno-narrow" ? "deno" : runtime;
  const given = process.env[`PARLEY_TEST_${name.toUpperCase()}`];
  if (given !== undefined && given !== "") return existsSync(given) ? given : null;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && existsSync(path)) return nodeIsCurrent(name, path) ? path : null;
  }
  return null;
}

/**
 * Runs a plan to its end.
 *
 * @throws {TypeError} When the runtime is missing or the driver fails.
 */
export async function runAtPty(plan: PtyPlan): Promise<PtyResult> {
  const path = runtimePath(plan.runtime);
  if (path === null) throw new TypeError(`Cannot run ${plan.runtime}: it is missing`);
  const full = {
    argv: [path, ...runtimeArgs(plan.runtime), plan.program, ...plan.args],
    env: environment(plan.env ?? {}),
    steps: plan.steps,
    stdin: plan.stdin ?? "tty",
    stdinText: plan.stdinText ?? "",
    stdout: plan.stdout ?? "pipe",
    tty: plan.tty ?? true,
    background: plan.background ?? false,
    columns: plan.columns ?? 80,
    rows: plan.rows ?? 40,
    timeoutMs: plan.timeoutMs ?? 20_000,
  };
  return JSON.parse(await drive(JSON.stringify(full))) as PtyResult;
}

function drive(input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [DRIVER], { stdio: ["pipe", "pipe", "pipe"] });
    const output: string[] = [];
    const errors: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output.join(""));
      else reject(new TypeError(`Cannot drive the terminal: the driver ended with ${code}: ${errors.join("")}`));
    });
    child.stdin.end(input);
  });
}

function runtimeArgs(runtime: PtyRuntime): string[] {
  switch (runtime) {
    case "deno":
      return ["run", "-A", "--no-check", "--cached-only"];
    case "deno-narrow":
      // Prompting stays allowed: the suite shows that Deno has no reason to.
      return ["run", "--no-check", "--cached-only"];
    case "bun":
      return ["run"];
    case "node":
      return [];
  }
}

function environment(added: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !CLEANED.includes(name)) env[name] = value;
  }
  return { ...env, TERM: "xterm-256color", LANG: "C.UTF-8", ...added };
}

/** An old Node on PATH cannot run the sources. */
function nodeIsCurrent(name: string, path: string): boolean {
  if (name !== "node") return true;
  return Number(/^v(\d+)/.exec(execFileSync(path, ["--version"], { encoding: "utf8" }))?.[1]) >= 24;
}
