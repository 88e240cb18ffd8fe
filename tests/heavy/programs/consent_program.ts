/** A running `consent_client.ts`, told what to do; and the directories of its account. */
import type { ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import type { ConsentOrder } from "./consent_client.ts";

/** What the program told. */
export type ConsentRecord = Readonly<Record<string, unknown>>;

/** Directories of an account, mode 0700. */
export interface ConsentFolders {
  /** HOME. */
  readonly home: string;
  /** XDG_STATE_HOME. */
  readonly state: string;
  /** XDG_CONFIG_HOME. */
  readonly config: string;
  /** XDG_RUNTIME_DIR. */
  readonly runtime: string;
}

/** Makes the directories of an account. */
export async function consentFolders(base: string): Promise<ConsentFolders> {
  const folders = {
    home: join(base, "home"),
    state: join(base, "state"),
    config: join(base, "config"),
    runtime: join(base, "runtime"),
  };
  for (const path of Object.values(folders)) await mkdir(path, { mode: 0o700 });
  return folders;
}

const WITHIN_MS = 30_000;
const END_WITHIN_MS = 5_000;

/** The program. Dispose of it: that ends it and waits until it is gone. */
export class ConsentProgram implements AsyncDisposable {
  /** Its process id. */
  readonly pid: number;
  /** Everything that it told. */
  readonly records: ConsentRecord[] = [];
  readonly #socket: Socket;
  readonly #gone: Promise<void>;
  #isGone = false;
  #errors = "";
  #orders = 0;
  readonly #waiting = new Set<() => void>();

  constructor({ socket, pid, child }: {
    readonly socket: Socket;
    readonly pid: number;
    readonly child: ChildProcess | null;
  }) {
    this.pid = pid;
    this.#socket = socket;
    let partial = "";
    socket.on("data", (text: string) => {
      const lines = (partial + text).split("\n");
      partial = lines.pop() ?? "";
      for (const line of lines) this.records.push(JSON.parse(line) as ConsentRecord);
      this.#wake();
    });
    child?.stderr?.on("data", (text: string) => {
      this.#errors += text;
      this.#wake();
    });
    const ends = [new Promise<void>((resolve) => void socket.on("close", () => resolve()))];
    if (child !== null) ends.push(new Promise<void>((resolve) => void child.on("close", () => resolve())));
    this.#gone = Promise.all(ends).then(() => {
      this.#isGone = true;
      this.#wake();
    });
  }

  /** What it said to its operator where there is no terminal. */
  get errors(): string {
    return this.#errors;
  }

  /** Tells it what to do, and returns the name of the order. */
  tell(order: Omit<ConsentOrder, "id">): string {
    const id = String(++this.#orders);
    this.#socket.write(`${JSON.stringify({ ...order, id })}\n`);
    return id;
  }

  /**
   * Opens a connection.
   *
   * @returns What the program told of it: `opened` or `failed`.
   */
  async open(host: string, port: number): Promise<ConsentRecord> {
    const id = this.tell({ do: "open", host, port });
    return await this.record((record) => record["id"] === id, `order ${id}`);
  }

  /** Opens and closes a connection so often. Returns the names of the errors, null for each that opened. */
  async try(host: string, port: number, times: number): Promise<readonly ConsentRecord[]> {
    const id = this.tell({ do: "try", host, port, times });
    const { outcomes } = await this.record((record) => record["id"] === id, `order ${id}`);
    return outcomes as readonly ConsentRecord[];
  }

  /** Waits for a record with these members. */
  event(event: string, id: string): Promise<ConsentRecord> {
    return this.record((record) => record["event"] === event && record["id"] === id, `${event} of order ${id}`);
  }

  /**
   * Waits for a record.
   *
   * @param wanted Whether it is the one.
   * @param what What it is, for the message.
   * @throws {TypeError} When it does not come, with everything that was told.
   */
  async record(wanted: (record: ConsentRecord) => boolean, what: string): Promise<ConsentRecord> {
    return await this.#until(() => this.records.find(wanted), what);
  }

  /** Waits for text on standard error. */
  async error(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#until(() => pattern.exec(this.#errors) ?? undefined, String(pattern));
  }

  /** Waits until it has ended. */
  ended(): Promise<void> {
    return this.#gone;
  }

  /** Kills it, and waits until it has ended. */
  async kill(): Promise<void> {
    process.kill(this.pid, "SIGKILL");
    await this.#gone;
  }

  /** Ends it and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isGone) this.tell({ do: "end" });
    const timer = setTimeout(() => process.kill(this.pid, "SIGKILL"), END_WITHIN_MS);
    await this.#gone;
    clearTimeout(timer);
    this.#socket.destroy();
  }

  async #until<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, WITHIN_MS);
    try {
      for (;;) {
        const found = find();
        if (found !== undefined) return found;
        if (this.#isGone || late) {
          const told = `${JSON.stringify(this.records, null, 1)}\n${this.#errors}`;
          throw new TypeError(`Cannot find ${what}: ${late ? "the time is up" : "the program ended"}\n${told}`);
        }
        await new Promise<void>((resolve) => void this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
