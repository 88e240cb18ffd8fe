/**
 * A program at a pseudo-terminal, talked to step by step, so that a test can look around between two steps. Scripts of
 * steps that are known beforehand are `pty.ts`'s affair.
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How a program is started. */
export interface DialogueOptions {
  /** Added to the environment, which lacks everything that says nobody sits here. */
  readonly env?: Readonly<Record<string, string>>;
}

const PYTHON = "/usr/bin/python3";
const SHELL = fileURLToPath(new URL("./pty_shell.py", import.meta.url));
/** Set where suites run, and read by what is tested. */
const CLEANED: ReadonlySet<string> = new Set([
  "CI",
  "INVOCATION_ID",
  "FORCE_COLOR",
  "LC_ALL",
  "LC_CTYPE",
  "PARLEY_ALLOW",
  "PARLEY_HOST",
]);
const TIMEOUT_MS = 30_000;
const RETYPE_MS = 300;

/**
 * The environment of a program whose operator sits at its terminal.
 *
 * @param added Variables to add.
 */
export function operatorEnvironment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !CLEANED.has(name));
  const env = Object.fromEntries(kept) as Record<string, string>;
  return { ...env, TERM: "xterm-256color", NO_COLOR: "1", LANG: "C.UTF-8", DENO_NO_UPDATE_CHECK: "1", ...added };
}

/** A program and everything that stands on its terminal. Dispose of it: that hangs up. */
export class TerminalDialogue {
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  #text = "";
  #seen = 0;
  #ended = false;
  #wake: () => void = () => {};

  /**
   * Starts a program.
   *
   * @param argv The program and its arguments.
   * @param options Its environment.
   */
  constructor(argv: readonly string[], options: DialogueOptions = {}) {
    // Isolated: otherwise `pty.py` beside it would stand for the module of that name. The command as one argument: Deno's
    // `spawn` adds `-A` where it finds its own path followed by `run` among the arguments, whoever is to be started.
    const child = spawn(PYTHON, ["-I", SHELL, JSON.stringify(argv)], {
      env: operatorEnvironment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#text += text;
        this.#wake();
      });
    }
    child.stdin.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      child.on("error", () => this.#finish(resolve, null));
      child.on("close", (status) => this.#finish(resolve, status));
    });
  }

  /** Everything on the terminal so far. */
  get text(): string {
    return this.#text;
  }

  /**
   * Waits for text after what was matched last.
   *
   * @param pattern The text.
   * @returns The match.
   * @throws {TypeError} When it does not come within 30 s or the program ends without it.
   */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, TIMEOUT_MS);
    try {
      for (;;) {
        const match = pattern.exec(this.#text.slice(this.#seen));
        if (match !== null) {
          this.#seen += match.index + match[0].length;
          return match;
        }
        if (this.#ended || late) {
          throw new TypeError(`Cannot find ${pattern} on the terminal: ${this.#text.slice(-4000)}`);
        }
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /**
   * Types again and again until there is an answer, for prompts that forget what comes soon after they are drawn.
   *
   * @param text What to type.
   * @param pattern The answer.
   */
  async typeUntil(text: string, pattern: RegExp): Promise<RegExpExecArray> {
    this.type(text);
    const timer = setInterval(() => this.type(text), RETYPE_MS);
    try {
      return await this.expect(pattern);
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * Waits for the program's end.
   *
   * @returns Its status, 128 and more after a signal.
   * @throws {TypeError} When it does not end within 30 s.
   */
  async end(): Promise<number | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new TypeError(`The program does not end: ${this.#text.slice(-1000)}`)),
        TIMEOUT_MS,
      );
    });
    try {
      return await Promise.race([this.#closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Hangs up and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill("SIGTERM");
    await this.#closed;
  }

  #finish(resolve: (status: number | null) => void, status: number | null): void {
    this.#ended = true;
    resolve(status);
    this.#wake();
  }
}
