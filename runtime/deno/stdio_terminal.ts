/**
 * A terminal by standard input and standard error, for Deno with narrow permissions.
 *
 * Reading is by a `node:tty` stream, which Deno opens anew and without blocking, so nothing of the program's own standard
 * input is held when it is closed. As data come by events here, the terminal is raw for some milliseconds at a time while
 * it drains, guarded against signals and exits; SIGKILL in such a moment leaves it raw (`reset` helps). Whether the process is in the background cannot be seen: Deno lets
 * nobody read /proc/self without all permissions; there the shell stops the job when it asks, and it asks on after `fg`.
 */
import { ReadStream } from "node:tty";
import process from "node:process";
import type {
  Attendance,
  DrainResult,
  Presence,
  ReadEnd,
  Terminal,
  TerminalLine,
} from "../../permissions/terminal/port.ts";
import { LineAssembler } from "../_node/line_assembler.ts";
import { ContinueWatch, InterruptWatch, SignalGuard } from "../_node/signal_guard.ts";
import { listenTo } from "../_node/listen_to.ts";

const STDIN = 0;
const POLL_MS = 20;
/** Long enough for what is pending to be delivered after the switch to raw mode. */
const RAW_MS = 5;
const CTRL_C = 0x03;
/** What may end the process besides `exit`, which Deno does not announce after an uncaught error. */
const ENDS = ["error", "unhandledrejection", "unload"] as const;

/** Opens standard input and standard error as a terminal, or returns null when they are none. */
export function openStdioTerminal(): Terminal | null {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return null;
  try {
    return new StdioTerminal(new ReadStream(STDIN));
  } catch {
    return null;
  }
}

/** Whether both are still a terminal; after a hang-up they are not. Whether it is this process's turn cannot be seen. */
export function stdioPresence(): Presence {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal() ? "foreground" : "gone";
}

class StdioTerminal implements Terminal {
  readonly #stream: ReadStream;
  readonly #continued: ContinueWatch = new ContinueWatch();
  readonly #interrupts: InterruptWatch = new InterruptWatch();
  #attendance: Attendance = "foreground";
  #ended = false;
  #closed = false;
  /** Where bytes go; they are forgotten, but counted, while nobody reads a line. */
  #sink: ((bytes: Uint8Array) => void) | null = null;
  #forgotten = 0;
  #interruptSeen = false;
  #wake: () => void = () => {};

  constructor(stream: ReadStream) {
    this.#stream = stream;
    stream.on("data", (chunk: Uint8Array) => this.#received(chunk));
    stream.on("end", () => this.#over());
    stream.on("close", () => this.#over());
    stream.on("error", () => {
      this.#attendance = "gone";
      this.#over();
    });
  }

  columns(): number {
    return consoleSize().columns || 80;
  }

  rows(): number {
    return consoleSize().rows || 24;
  }

  attendance(): Attendance {
    return this.#closed ? "gone" : this.#attendance;
  }

  /** Without the permission to use the runtime directory nothing is known of other processes. */
  reserve(): boolean {
    return true;
  }

  holds(): boolean {
    return true;
  }

  release(): void {}

  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
    } catch {
      this.#attendance = "gone";
    }
  }

  async drain(
    options: { readonly quietMs: number; readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<DrainResult> {
    const guard = new SignalGuard(() => this.#lineMode());
    const onEnd = (): void => this.#lineMode();
    process.on("exit", onEnd);
    for (const name of ENDS) listenTo(globalThis, name, onEnd);
    try {
      const result = await this.#drain(options, guard);
      await this.#pause(1);
      return guard.interrupted ? { ...result, outcome: "signalled" } : result;
    } finally {
      this.#lineMode();
      process.off("exit", onEnd);
      for (const name of ENDS) globalThis.removeEventListener(name, onEnd);
      guard.remove();
    }
  }

  async #drain(
    { quietMs, limitMs, signal }: { readonly quietMs: number; readonly limitMs: number; readonly signal: AbortSignal },
    guard: SignalGuard,
  ): Promise<DrainResult> {
    const beganMs = performance.now();
    let quietSinceMs = beganMs;
    let discardedBytes = 0;
    for (;;) {
      if (signal.aborted) return { outcome: "aborted", discardedBytes };
      if (guard.interrupted || this.#interrupts.seen) return { outcome: "signalled", discardedBytes };
      if (this.#ended || this.attendance() !== "foreground") return { outcome: "gone", discardedBytes };
      if (this.#continued.take()) return { outcome: "background", discardedBytes };
      const bytes = await this.#flushInput();
      discardedBytes += bytes;
      if (this.#interruptSeen) return { outcome: "interrupt", discardedBytes };
      const nowMs = performance.now();
      if (bytes > 0) quietSinceMs = nowMs;
      if (nowMs - quietSinceMs >= quietMs) return { outcome: "quiet", discardedBytes };
      if (nowMs - beganMs >= limitMs) return { outcome: "busy", discardedBytes };
      await this.#pause(POLL_MS);
    }
  }

  async readLine(
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<TerminalLine | ReadEnd> {
    const assembler = new LineAssembler(maxBytes);
    let complete = false;
    try {
      this.#sink = (bytes) => complete = assembler.add(bytes) || complete;
      while (!complete) {
        const end = await this.#readEnd(signal);
        if (end !== null) return end;
        await this.#pause(POLL_MS);
      }
      const behind = await this.#flushInput();
      if (this.#continued.take()) return "background";
      return { text: assembler.text(), cut: assembler.cut, more: assembler.more || behind > 0 };
    } finally {
      this.#sink = null;
    }
  }

  interrupt(): void {
    process.kill(process.pid, "SIGINT");
  }

  close(): void {
    if (this.#closed) return;
    this.#lineMode();
    this.#closed = true;
    this.#continued.stop();
    this.#interrupts.stop();
    this.#stream.destroy();
  }

  async #readEnd(signal: AbortSignal): Promise<ReadEnd | null> {
    if (signal.aborted) {
      await this.#flushInput();
      return "aborted";
    }
    this.#interrupts.refresh();
    if (this.#interrupts.seen) return "interrupt";
    if (this.attendance() !== "foreground" || !Deno.stdin.isTerminal()) return "gone";
    if (this.#ended) return "eof";
    return this.#continued.take() ? "background" : null;
  }

  #received(chunk: Uint8Array): void {
    if (this.#sink === null) {
      this.#forgotten += chunk.length;
      if (chunk.includes(CTRL_C)) this.#interruptSeen = true;
    } else {
      this.#sink(chunk);
    }
    this.#wake();
  }

  #over(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * Reads and forgets everything, a line not ended included; that can be read in raw mode only.
   *
   * @returns How many bytes were forgotten, those included that came while nobody read.
   */
  async #flushInput(): Promise<number> {
    this.#sink = null;
    try {
      this.#stream.setRawMode(true);
      await new Promise((resolve) => void setTimeout(resolve, RAW_MS));
    } finally {
      this.#lineMode();
    }
    // What came between the last read and the switch is delivered now.
    await new Promise((resolve) => void setTimeout(resolve, 1));
    const bytes = this.#forgotten;
    this.#forgotten = 0;
    return bytes;
  }

  #lineMode(): void {
    if (!this.#closed && this.#stream.isRaw) this.#stream.setRawMode(false);
  }

  /** Until something happens, or the time is over. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      this.#wake = done;
    });
  }
}

function consoleSize(): { readonly columns: number; readonly rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 0, rows: 0 };
  }
}
