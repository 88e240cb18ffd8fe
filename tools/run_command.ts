/**
 * Runs a child process to its end, whatever it does: output is kept, time is bounded, and grandchildren die with it.
 * A child gets no standard input and no controlling terminal.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";

/** How to run a command. */
export interface RunCommandOptions {
  /** Working directory; the current one by default. */
  readonly cwd?: string;
  /** Variables added to, or (undefined) removed from, this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until the whole process group is killed; ten minutes by default. */
  readonly timeoutMs?: number;
  /** Shows the output as it comes besides keeping it; false by default. */
  readonly live?: boolean;
}

/** What became of a command. */
export interface CommandResult {
  /** Exit status; null when a signal ended it or it could not be started. */
  readonly status: number | null;
  /** Whether it was killed for taking too long. */
  readonly timedOut: boolean;
  /** Standard output and standard error in the order they came, without colours. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
  /** Duration in milliseconds. */
  readonly elapsedMs: number;
}

const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const running = new Set<number>();

function killGroup(pid: number, signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const pid of running) killGroup(pid);
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

/**
 * Removes terminal control sequences.
 *
 * @param text Output of a program.
 */
export function stripColours(text: string): string {
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
}

function childEnvironment(changes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...changes })) {
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/**
 * Runs a command and waits for it.
 *
 * @param command Program and arguments.
 * @param options Where and how long.
 * @returns What became of it; never rejects.
 */
export function runCommand(command: readonly string[], options: RunCommandOptions = {}): Promise<CommandResult> {
  const started = performance.now();
  const [program = "", ...args] = command;
  const kept = { all: [] as Uint8Array[], stdout: [] as Uint8Array[], bytes: 0 };
  const child = spawn(program, args, {
    cwd: options.cwd ?? process.cwd(),
    env: childEnvironment(options.env ?? {}),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const keep = (chunk: Uint8Array, isStdout: boolean): void => {
    if (options.live) (isStdout ? process.stdout : process.stderr).write(chunk);
    kept.bytes += chunk.length;
    if (kept.bytes > MAX_KEPT_BYTES) return;
    kept.all.push(chunk);
    if (isStdout) kept.stdout.push(chunk);
  };
  child.stdout.on("data", (chunk: Uint8Array) => keep(chunk, true));
  child.stderr.on("data", (chunk: Uint8Array) => keep(chunk, false));
  if (child.pid !== undefined) running.add(child.pid);
  let timedOut = false;
  let timer = setTimeout(() => {
    timedOut = true;
    if (child.pid === undefined) return;
    // Politely first: a tool among the descendants has groups of its own to end.
    const { pid } = child;
    killGroup(pid, "SIGTERM");
    timer = setTimeout(() => killGroup(pid), 1_000);
  }, options.timeoutMs ?? 600_000);
  return new Promise((resolve) => {
    const finish = (status: number | null, problem = ""): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) {
        running.delete(child.pid);
        killGroup(child.pid);
      }
      const text = (chunks: Uint8Array[]): string => stripColours(Buffer.concat(chunks).toString("utf8"));
      const elapsedMs = performance.now() - started;
      resolve({ status, timedOut, output: text(kept.all) + problem, stdout: text(kept.stdout), elapsedMs });
    };
    child.on("error", (error: Error) => finish(null, `Cannot start ${program}: ${error.message}\n`));
    // A grandchild may hold the pipes open: after the exit they get a moment to drain, then are let go.
    child.on("exit", (status: number | null) => {
      const grace = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        finish(status);
      }, 500);
      child.on("close", () => {
        clearTimeout(grace);
        finish(status);
      });
    });
  });
}
