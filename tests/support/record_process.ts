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

const RECORD_WITHIN_MS = 120_000;

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
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#errors += text);
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

  /** Tells it something. */
  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /**
   * Waits for a record, among those that came already as well.
   *
   * @param pattern Members that the record has.
   * @returns The first such record.
   * @throws {TypeError} When it does not come within two minutes, or the process ends without it.
   */
  async record(pattern: RecordPattern): Promise<TimedRecord> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, RECORD_WITHIN_MS);
    try {
      for (let index = 0;;) {
        for (; index < this.records.length; index++) {
          const found = this.records[index];
          if (found !== undefined && matches(found.record, pattern)) return found;
        }
        if (this.#ended || late) throw this.#missing(pattern, late ? "the time is up" : "the process ended");
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    if (!this.#ended) this.#child.kill("SIGTERM");
    await this.#closed;
  }

  #missing(pattern: RecordPattern, state: string): TypeError {
    const wanted = JSON.stringify(pattern);
    return new TypeError(`Cannot find a record like ${wanted}: ${state}; it said: ${this.#errors.slice(-2000)}`);
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
