/** A child process that writes one JSON record a line on standard output, and is told things by lines. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

/** A record, and when it came (`performance.now()`). */
export interface TimedRecord {
  /** Milliseconds. */
  readonly atMs: number;
  /** The record. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Which records are looked for, by the values of some members. */
export type RecordPattern = Readonly<Record<string, unknown>>;

/** How a process is started. */
export interface RecordProcessOptions {
  /** The whole environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A running process. Dispose of it: that ends it and waits for its end. */
export class RecordProcess {
  /** Every record so far, in order. Lines that are no records are dropped. */
  readonly records: TimedRecord[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  #errors = "";
  #ended = false;
  #partial = "";
  #wake: () => void = () => {};

  /**
   * Starts a process.
   *
   * @param argv The program and its arguments.
   * @param options Its environment; that of this process by default.
   */
  constructor(argv: readonly string[], options: RecordProcessOptions = {}) {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { env: options.env ?? process.env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#received(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
      this.#wake();
    });
    // Whoever writes to a process that has ended learns it from its end.
    child.stdin.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      child.on("error", (error) => {
        this.#errors += error.message;
        this.#finish();
        resolve(null);
      });
      child.on("close", (status) => {
        this.#finish();
        resolve(status);
      });
    });
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Settles with its status when it has ended, or null when a signal ended it. */
  get closed(): Promise<number | null> {
    return this.#closed;
  }

  /** Tells it something. */
  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /**
   * Waits for a record, among those that came already as well.
   *
   * @param pattern Members that the record has.
   * @returns The first such record.
   * @throws {TypeError} When the process ends without it.
   */
  async record(pattern: RecordPattern): Promise<TimedRecord> {
    for (let index = 0;;) {
      for (; index < this.records.length; index++) {
        const found = this.records[index];
        if (found !== undefined && matches(found.record, pattern)) return found;
      }
      this.#requireRunning(`a record like ${JSON.stringify(pattern)}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Waits for text on standard error. */
  async error(text: string): Promise<void> {
    while (!this.#errors.includes(text)) {
      this.#requireRunning(`"${text}"`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Ends it and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    if (!this.#ended) this.#child.kill("SIGTERM");
    await this.#closed;
  }

  #requireRunning(wanted: string): void {
    if (!this.#ended) return;
    throw new TypeError(`Cannot wait for ${wanted}: the process ended; it said: ${this.#errors.slice(-2000)}`);
  }

  #received(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      const record = parseRecord(line);
      if (record !== null) this.records.push({ atMs: performance.now(), record });
    }
    this.#wake();
  }

  #finish(): void {
    this.#ended = true;
    this.#wake();
  }
}

function matches(record: Readonly<Record<string, unknown>>, pattern: RecordPattern): boolean {
  return Object.entries(pattern).every(([name, value]) => record[name] === value);
}

function parseRecord(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}
