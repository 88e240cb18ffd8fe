/**
 * A program of the project as a user runs it: a child process on a runtime of choice, without terminal, with an
 * environment of its own, in an empty directory unless told otherwise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { makeTempDirectory, type TempDirectory } from "./temp_directory.ts";
import { runtimePath, type TestRuntime } from "./runtimes.ts";

/** What to run. */
export interface ClientPlan {
  /** On which runtime. */
  readonly runtime: TestRuntime;
  /** Path of the program in the project, such as `cli/main.ts`. */
  readonly program: string;
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Added to a nearly empty environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory; an empty one when omitted. */
  readonly cwd?: string;
  /** Standard input, which then ends. Left open when omitted, until the program is asked for its result. */
  readonly input?: string;
  /** Milliseconds that it may run. Default 30,000. */
  readonly timeoutMs?: number;
  /** Makes another command of the command, such as one that runs it in a network namespace. */
  readonly within?: (argv: readonly string[]) => readonly string[];
}

/** How a program ended. */
export interface ClientResult {
  /** Exit status; null when it was killed. */
  readonly status: number | null;
  /** Standard output; bytes as Latin-1. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What a runtime needs to find its caches; nothing else of the surroundings reaches the program. */
const INHERITED = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR"];

/** A running program. */
export class ClientProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #temp: TempDirectory;
  readonly #ended: Promise<number | null>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #stdout = "";
  #stderr = "";
  #over = false;
  #wake: () => void = () => {};

  constructor(path: string, plan: ClientPlan, temp: TempDirectory) {
    this.#temp = temp;
    const argv = [path, ...runtimeArgs(plan.runtime), `${ROOT}${plan.program}`, ...(plan.args ?? [])];
    const [command = path, ...args] = plan.within?.(argv) ?? argv;
    const child = spawn(command, args, {
      cwd: plan.cwd ?? temp.path,
      env: { ...inherited(), LANG: "C.UTF-8", NO_COLOR: "1", ...plan.env },
      stdio: ["pipe", "pipe", "pipe"],
      // A session of its own has no controlling terminal to ask at, wherever the suite runs.
      detached: true,
    });
    this.#child = child;
    child.stdout?.setEncoding("latin1").on("data", (text: string) => this.#heard(() => this.#stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#heard(() => this.#stderr += text));
    // A program that ends before it has read its input is no failure of the suite.
    child.stdin?.on("error", () => {});
    this.#timer = setTimeout(() => child.kill("SIGKILL"), plan.timeoutMs ?? 30_000);
    this.#ended = new Promise((resolve) => {
      child.on("error", (error) => this.#finish(() => resolve(null), error.message));
      child.on("close", (code) => this.#finish(() => resolve(code)));
    });
    if (plan.input !== undefined) this.end(plan.input);
  }

  /** Starts a program. */
  static async start(plan: ClientPlan): Promise<ClientProcess> {
    const [path, temp] = await Promise.all([runtimePath(plan.runtime), makeTempDirectory("client")]);
    return new ClientProcess(path, plan, temp);
  }

  /** Writes to the program's standard input; characters are bytes. */
  send(text: string): void {
    this.#child.stdin?.write(text, "latin1");
  }

  /** Ends the program's standard input, once. */
  end(text = ""): void {
    if (this.#child.stdin?.writableEnded === false) this.#child.stdin.end(text, "latin1");
  }

  /**
   * Waits for text on standard output.
   *
   * @param pattern Searched in everything so far.
   * @throws {TypeError} When the program ends without it; both outputs are in the message.
   */
  expect(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#find(pattern, () => this.#stdout);
  }

  /** As {@linkcode ClientProcess.expect}, on standard error. */
  expectError(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#find(pattern, () => this.#stderr);
  }

  /** Sends a signal. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    // By its id: after `child.kill` Deno calls every end one by the signal, whatever the exit status was.
    if (!this.#over && this.#child.pid !== undefined) process.kill(this.#child.pid, name);
  }

  async #find(pattern: RegExp, text: () => string): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(text());
      if (found !== null) return found;
      if (this.#over) throw new TypeError(`Cannot find ${pattern}: the program has ended\n${this.#outputs()}`);
      await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
  }

  /** Ends standard input, waits for the end and tells how it was. */
  async result(): Promise<ClientResult> {
    this.end();
    const status = await this.#ended;
    return { status, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Kills the program if it still runs, and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill("SIGKILL");
    await this.#ended;
    await this.#temp[Symbol.asyncDispose]();
  }

  #heard(keep: () => void): void {
    keep();
    this.#wake();
  }

  #finish(settle: () => void, problem = ""): void {
    clearTimeout(this.#timer);
    this.#over = true;
    this.#stderr += problem;
    settle();
    this.#wake();
  }

  #outputs(): string {
    return `--- standard output\n${this.#stdout}\n--- standard error\n${this.#stderr}`;
  }
}

/**
 * Runs a program to its end.
 *
 * @param plan What to run; its standard input is empty when none is given.
 */
export async function runClient(plan: ClientPlan): Promise<ClientResult> {
  await using client = await ClientProcess.start({ input: "", ...plan });
  return await client.result();
}

/** Arguments that come before the program. */
export function runtimeArgs(runtime: TestRuntime): string[] {
  // Types are the gate's affair; the suite runs what a user would.
  return runtime === "deno" ? ["run", "-A", "--no-check", "--quiet"] : [];
}

function inherited(): Record<string, string> {
  const entries = INHERITED.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
