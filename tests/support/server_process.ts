/**
 * A real server as a child process: started, waited for by its own words, stopped by its id. Its output goes into a file,
 * so that nothing of it is lost or read in the background of a test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { makeTempDirectory, type TempDirectory } from "./temp_directory.ts";

/** How to start a server. */
export interface ServerPlan {
  /** What it is, for messages and the name of its directory. */
  readonly name: string;
  /** Program. */
  readonly command: string;
  /** Arguments. */
  readonly args: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: RegExp;
  /** Its directory, removed when it has stopped; made when omitted. */
  readonly directory?: TempDirectory;
  /** Its working directory; its own directory when omitted. */
  readonly cwd?: string;
  /** Added to a nearly empty environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it must be ready. Default 20,000. */
  readonly readyWithinMs?: number;
}

const POLL_MS = 10;
const STOP_WITHIN_MS = 5_000;
const running = new Set<ChildProcess>();

// The last resort, for a run that ends before its tests do.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A running server. */
export class ServerProcess implements AsyncDisposable {
  /** Its directory. */
  readonly directory: string;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #temp: TempDirectory;
  readonly #logFile: string;
  #exit: string | null = null;

  constructor(plan: ServerPlan, temp: TempDirectory) {
    this.#name = plan.name;
    this.#temp = temp;
    this.directory = temp.path;
    this.#logFile = join(temp.path, "server.log");
    const log = openSync(this.#logFile, "w");
    try {
      // Standard input stays open: some servers take its end as the order to stop.
      this.#child = spawn(plan.command, plan.args, {
        cwd: plan.cwd ?? temp.path,
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...plan.env },
        stdio: ["pipe", log, log],
      });
    } finally {
      closeSync(log);
    }
    running.add(this.#child);
    this.#ended = new Promise((resolve) => {
      const ended = (how: string): void => {
        this.#exit = how;
        running.delete(this.#child);
        resolve();
      };
      this.#child.on("error", (error) => ended(error.message));
      this.#child.on("exit", (code, signal) => ended(`it ended with ${signal ?? code}`));
    });
  }

  /**
   * Starts a server and waits until it says that it is ready.
   *
   * @param plan What to start.
   * @returns The server, and what `ready` matched.
   * @throws {TypeError} When it ends or says nothing in time, with its output; nothing is left of it then.
   */
  static async start(plan: ServerPlan): Promise<{ readonly server: ServerProcess; readonly ready: RegExpExecArray }> {
    const temp = plan.directory ?? await makeTempDirectory(plan.name);
    const server = new ServerProcess(plan, temp);
    try {
      return { server, ready: await server.waitForLog(plan.ready, { withinMs: plan.readyWithinMs ?? 20_000 }) };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything it printed so far; bytes as Latin-1. */
  log(): string {
    return readFileSync(this.#logFile, "latin1");
  }

  /**
   * Waits until the server has printed something.
   *
   * @param pattern What.
   * @param options `from`: where in the log to begin, default 0. `withinMs`: how long to wait, default 10,000.
   * @throws {TypeError} When it does not come.
   */
  async waitForLog(
    pattern: RegExp,
    options: { readonly from?: number; readonly withinMs?: number } = {},
  ): Promise<RegExpExecArray> {
    const deadline = performance.now() + (options.withinMs ?? 10_000);
    for (;;) {
      const found = pattern.exec(this.log().slice(options.from ?? 0));
      if (found !== null) return found;
      if (this.#exit !== null || performance.now() > deadline) {
        const state = this.#exit ?? "the time is up";
        throw new TypeError(`Cannot find ${pattern} in what ${this.#name} printed: ${state}\n${this.log()}`);
      }
      await delay(POLL_MS);
    }
  }

  /** Ends the server by its id, hard if need be, and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.stdin?.destroy();
      if (this.#exit === null) this.#child.kill("SIGTERM");
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_WITHIN_MS);
      await this.#ended;
      clearTimeout(timer);
    } finally {
      await this.#temp[Symbol.asyncDispose]();
    }
  }
}
