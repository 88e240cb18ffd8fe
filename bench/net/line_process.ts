/** A child process that answers each line with a line of JSON. */
import { type ChildProcess, spawn } from "node:child_process";

/** A running process. Dispose of it: that ends it and waits for its end. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #lines: string[] = [];
  #partial = "";
  #errors = "";
  #ended = false;
  #wake: () => void = () => {};

  /**
   * @param argv The program and its arguments.
   * @param env Its whole environment.
   */
  constructor(argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#partial + text).split("\n");
      this.#partial = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    });
    // Parley tells the operator of every connection; only the last lines are of interest, and only after a failure.
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#errors = (this.#errors + text).slice(-2000));
    child.stdin.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      const ended = (): void => {
        this.#ended = true;
        this.#wake();
        resolve();
      };
      child.on("close", ended);
      child.on("error", (error) => {
        this.#errors += error.message;
        ended();
      });
    });
  }

  /**
   * Waits for the next line.
   *
   * @returns What its JSON holds.
   * @throws {TypeError} When the process ends without one.
   */
  async answer(): Promise<Readonly<Record<string, unknown>>> {
    while (this.#lines.length === 0) {
      if (this.#ended) throw new TypeError(`Cannot measure: a process ended; it said: ${this.#errors}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return JSON.parse(this.#lines.shift() ?? "");
  }

  /** Sends a line and waits for the answer. */
  async ask(line: string): Promise<Readonly<Record<string, unknown>>> {
    this.#child.stdin?.write(`${line}\n`);
    return await this.answer();
  }

  /** Ends it and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    if (!this.#ended) this.#child.kill("SIGTERM");
    await this.#closed;
  }
}
