/**
 * The controlling terminal by `/dev/tty`, for Node, Bun and Deno with all permissions.
 *
 * The terminal stays in line mode. What was typed ahead is thrown away by switching to raw mode, reading all there is
 * and switching back within one piece of synchronous code (about 0.2 ms): a line begun but not ended can be read in raw
 * mode only. So no exception, exit or signal handler of the program can run while it is raw; and while draining,
 * handlers for SIGINT, SIGTERM and SIGHUP keep the default action from killing the process in such a moment. Only
 * SIGKILL can then leave a raw terminal behind. Lines are polled for, because a read that waits would hold a thread
 * for ever, and streams on a terminal behave differently on each runtime.
 */
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from "node:fs";
import process from "node:process";
import { isatty, ReadStream, WriteStream } from "node:tty";
import type {
  Attendance,
  DrainResult,
  ReadEnd,
  Terminal,
  TerminalBackend,
  TerminalLine,
} from "../../permissions/terminal/port.ts";
import { LineAssembler } from "./line_assembler.ts";
import { ContinueWatch, InterruptWatch, SignalGuard } from "./signal_guard.ts";

const PATH = "/dev/tty";
const FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY;
const POLL_MS = 20;
/** A read that takes longer was stopped on the way (SIGTTIN). */
const STOPPED_MS = 100;
/** The kernel holds 4,096 bytes at most; more than this many reads in a row means a flood. */
const MAX_READS = 16;
const CTRL_C = 0x03;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** What was thrown away. */
interface Flushed {
  readonly bytes: number;
  readonly interrupt: boolean;
}

/** Opens `/dev/tty`. */
export const devTty: TerminalBackend = Object.freeze({
  open(): Promise<Terminal | null> {
    return Promise.resolve(openTerminal());
  },
});

function openTerminal(): Terminal | null {
  const fds: number[] = [];
  try {
    const fd = openSync(PATH, FLAGS);
    fds.push(fd);
    const modeFd = openSync(PATH, FLAGS);
    fds.push(modeFd);
    return new DevTty(fd, new ReadStream(modeFd));
  } catch {
    // No controlling terminal, or the runtime's permissions do not reach it.
    for (const fd of fds) closeSync(fd);
    return null;
  }
}

class DevTty implements Terminal {
  readonly #fd: number;
  /** Used for its mode alone; nothing is ever read through it. */
  readonly #mode: ReadStream;
  readonly #buffer: Uint8Array = new Uint8Array(4096);
  readonly #continued: ContinueWatch = new ContinueWatch();
  #unwritten = "";
  #gone = false;
  #closed = false;

  constructor(fd: number, mode: ReadStream) {
    this.#fd = fd;
    this.#mode = mode;
    mode.on("error", () => this.#gone = true);
  }

  columns(): number {
    return windowSize()[0] || DEFAULT_COLUMNS;
  }

  rows(): number {
    return windowSize()[1] || DEFAULT_ROWS;
  }

  attendance(): Attendance {
    return this.#gone || this.#closed ? "gone" : jobState();
  }

  write(text: string): void {
    this.#unwritten += text;
    this.#flushOutput();
  }

  async drain(
    options: { readonly quietMs: number; readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<DrainResult> {
    const guard = new SignalGuard();
    try {
      const result = await this.#drain(options, guard);
      // A signal that came with the last bytes has its handler called in one of the next turns of the event loop.
      await pause(0);
      await pause(0);
      return guard.interrupted ? { ...result, outcome: "signalled" } : result;
    } finally {
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
      const attendance = this.attendance();
      if (signal.aborted) return { outcome: "aborted", discardedBytes };
      if (guard.interrupted) return { outcome: "signalled", discardedBytes };
      if (attendance !== "foreground") return { outcome: attendance, discardedBytes };
      if (this.#continued.take()) return { outcome: "background", discardedBytes };
      const flushed = this.#flushInput();
      discardedBytes += flushed.bytes;
      if (flushed.interrupt) return { outcome: "interrupt", discardedBytes };
      const nowMs = performance.now();
      if (flushed.bytes > 0) quietSinceMs = nowMs;
      if (nowMs - quietSinceMs >= quietMs) return { outcome: "quiet", discardedBytes };
      if (nowMs - beganMs >= limitMs) return { outcome: "busy", discardedBytes };
      await pause(POLL_MS);
    }
  }

  async readLine(
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<TerminalLine | ReadEnd> {
    const assembler = new LineAssembler(maxBytes);
    const interrupts = new InterruptWatch();
    try {
      for (;;) {
        // First a pause: whoever reacts to what was just written (a shell that moves the job, say) has done so then.
        await pause(POLL_MS);
        const end = this.#readEnd(signal, interrupts);
        if (end !== null) return end;
        const checkedMs = performance.now();
        const bytes = this.#read();
        // The job left the foreground just then, and the read stopped it: whatever it brought was typed for others.
        if (performance.now() - checkedMs > STOPPED_MS) return "background";
        if (bytes === "end") return isatty(this.#fd) ? "eof" : this.#lost();
        if (bytes !== null && assembler.add(bytes)) return await this.#completed(assembler);
      }
    } finally {
      interrupts.stop();
    }
  }

  interrupt(): void {
    process.kill(process.pid, "SIGINT");
  }

  close(): void {
    if (this.#closed) return;
    this.#flushOutput();
    this.#closed = true;
    this.#continued.stop();
    // Its mode is the line mode it was opened in; closing changes nothing.
    this.#mode.destroy();
    closeSync(this.#fd);
  }

  #readEnd(signal: AbortSignal, interrupts: InterruptWatch): ReadEnd | null {
    const attendance = this.attendance();
    if (signal.aborted) {
      if (attendance === "foreground") this.#flushInput();
      return "aborted";
    }
    if (interrupts.seen()) return "interrupt";
    if (attendance !== "foreground") return attendance;
    if (this.#continued.take()) return "background";
    this.#flushOutput();
    return null;
  }

  /** Waits a moment and throws away what stands behind the line: whoever typed it did not see the answer to the line. */
  async #completed(assembler: LineAssembler): Promise<TerminalLine | ReadEnd> {
    await pause(POLL_MS);
    if (this.#continued.take()) return "background";
    const behind = this.attendance() === "foreground" ? this.#flushInput().bytes : 0;
    return { text: assembler.text(), cut: assembler.cut, more: assembler.more || behind > 0 };
  }

  /** Reads and forgets everything, a line not ended included. Synchronous throughout: see the head of this file. */
  #flushInput(): Flushed {
    let bytes = 0;
    let interrupt = false;
    const take = (): void => {
      for (let reads = 0; reads < MAX_READS; reads++) {
        const chunk = this.#read();
        if (chunk === null || chunk === "end") return;
        bytes += chunk.length;
        interrupt ||= chunk.includes(CTRL_C);
      }
    };
    try {
      this.#mode.setRawMode(true);
      take();
    } finally {
      this.#mode.setRawMode(false);
    }
    // What came between the last read and the switch is now readable as if it were a line.
    take();
    return { bytes, interrupt };
  }

  /** What can be read now: null for nothing yet, `"end"` for Ctrl-D or a hang-up. */
  #read(): Uint8Array | "end" | null {
    try {
      const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, null);
      return length === 0 ? "end" : this.#buffer.slice(0, length);
    } catch (error) {
      if (isAgain(error)) return null;
      this.#lost();
      return null;
    }
  }

  #lost(): "gone" {
    this.#gone = true;
    return "gone";
  }

  /** Writes what the terminal takes; a stopped terminal (Ctrl-S) takes the rest later. */
  #flushOutput(): void {
    if (this.#unwritten === "" || this.#closed) return;
    const bytes = new TextEncoder().encode(this.#unwritten);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written, bytes.length - written, null);
    } catch (error) {
      if (!isAgain(error)) this.#lost();
    }
    this.#unwritten = new TextDecoder().decode(bytes.subarray(written));
  }
}

/** Whether this process belongs to the terminal's foreground process group, by `/proc`; "foreground" where that is absent. */
function jobState(): Attendance {
  let stat: string;
  try {
    stat = readFileSync("/proc/self/stat", "latin1");
  } catch {
    return "foreground";
  }
  // The name in brackets may hold anything; behind it: state, ppid, pgrp, session, tty_nr, tpgid.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const group = fields[2];
  const foreground = fields[5];
  if (foreground === "-1") return "gone";
  return group === foreground ? "foreground" : "background";
}

/** Columns and rows; a stream of its own each time, because the size is read when it is made. */
function windowSize(): readonly [columns: number, rows: number] {
  let fd: number | null = null;
  try {
    fd = openSync(PATH, FLAGS);
    const stream = new WriteStream(fd);
    fd = null;
    const size = [stream.columns ?? 0, stream.rows ?? 0] as const;
    stream.destroy();
    return size;
  } catch {
    if (fd !== null) closeSync(fd);
    return [0, 0];
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "EAGAIN";
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
