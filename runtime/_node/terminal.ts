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
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import process from "node:process";
import { isatty, ReadStream, WriteStream } from "node:tty";
import type {
  Attendance,
  DrainResult,
  Presence,
  ReadEnd,
  Terminal,
  TerminalBackend,
  TerminalLine,
} from "../../permissions/terminal/port.ts";
import { LineAssembler } from "./line_assembler.ts";
import { ContinueWatch, InterruptWatch, SignalGuard } from "./signal_guard.ts";
import { keyInjectors } from "./terminal_injectors.ts";
import { ownTerminalLock } from "./terminal_lock.ts";
import { ttyPresence } from "./terminal_presence.ts";
import { showTitle } from "./terminal_title.ts";

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

/** The device, opened once for a process: the runtimes do not agree on who closes a descriptor given to a tty stream. */
interface Device {
  readonly fd: number;
  /** Used for its mode alone; nothing is ever read through it, so it does not hold the process open. */
  readonly mode: ReadStream;
  /** Used for its size alone. */
  readonly size: SizedStream;
}

/** What all runtimes have though none documents it: without it the size stays that of the time when it was made. */
type SizedStream = WriteStream & { _refreshSize?(): void };

let device: Device | null = null;

/** The terminal by `/dev/tty`. */
export const devTty: TerminalBackend = Object.freeze({
  open(): Promise<Terminal | null> {
    device ??= openDevice();
    return Promise.resolve(device === null ? null : new DevTty(device));
  },
  presence(): Presence {
    const presence = ttyPresence();
    // Where the system does not tell, a terminal that hung up is none any more.
    return presence === "foreground" && device !== null && !isatty(device.fd) ? "gone" : presence;
  },
  injectors: keyInjectors,
  title: showTitle,
});

function openDevice(): Device | null {
  const fds: number[] = [];
  const opened = (): number => {
    const fd = openSync(PATH, FLAGS);
    fds.push(fd);
    return fd;
  };
  try {
    const made: Device = { fd: opened(), mode: new ReadStream(opened()), size: new WriteStream(opened()) };
    made.mode.on("error", () => forget(made));
    made.size.on("error", () => forget(made));
    return made;
  } catch {
    // No controlling terminal, or the runtime's permissions do not reach it.
    for (const fd of fds) closeSync(fd);
    return null;
  }
}

/** After a hang-up. What the streams were given is left to them; there is no second terminal to lose descriptors to. */
function forget(lost: Device): void {
  if (device !== lost) return;
  device = null;
  lost.mode.destroy();
  lost.size.destroy();
  closeSync(lost.fd);
}

class DevTty implements Terminal {
  readonly #device: Device;
  readonly #fd: number;
  readonly #buffer: Uint8Array = new Uint8Array(4096);
  readonly #continued: ContinueWatch = new ContinueWatch();
  readonly #interrupts: InterruptWatch = new InterruptWatch();
  #unwritten = "";
  #closed = false;

  constructor(opened: Device) {
    this.#device = opened;
    this.#fd = opened.fd;
  }

  columns(): number {
    return this.#size().columns || DEFAULT_COLUMNS;
  }

  rows(): number {
    return this.#size().rows || DEFAULT_ROWS;
  }

  attendance(): Attendance {
    return this.#gone() || this.#closed ? "gone" : jobState();
  }

  reserve(): boolean {
    return ownTerminalLock()?.reserve() ?? true;
  }

  holds(): boolean {
    return ownTerminalLock()?.holds() ?? true;
  }

  release(): void {
    ownTerminalLock()?.release();
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
      if (guard.interrupted || this.#interrupts.seen) return { outcome: "signalled", discardedBytes };
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
    for (;;) {
      // First a pause: whoever reacts to what was just written (a shell that moves the job, say) has done so then.
      await pause(POLL_MS);
      const end = this.#readEnd(signal);
      if (end !== null) return end;
      const checkedMs = performance.now();
      const bytes = this.#read();
      // The job left the foreground just then, and the read stopped it: whatever it brought was typed for others.
      if (performance.now() - checkedMs > STOPPED_MS) return "background";
      if (bytes === "end") return isatty(this.#fd) ? "eof" : this.#lost();
      if (bytes !== null && assembler.add(bytes)) return await this.#completed(assembler);
    }
  }

  interrupt(): void {
    process.kill(process.pid, "SIGINT");
  }

  close(): void {
    if (this.#closed) return;
    this.#flushOutput();
    this.release();
    this.#closed = true;
    this.#continued.stop();
    this.#interrupts.stop();
  }

  #readEnd(signal: AbortSignal): ReadEnd | null {
    const attendance = this.attendance();
    if (signal.aborted) {
      if (attendance === "foreground") this.#flushInput();
      return "aborted";
    }
    this.#interrupts.refresh();
    if (this.#interrupts.seen) return "interrupt";
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
      this.#device.mode.setRawMode(true);
      take();
    } finally {
      this.#device.mode.setRawMode(false);
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
    forget(this.#device);
    return "gone";
  }

  #gone(): boolean {
    return device !== this.#device;
  }

  #size(): { readonly columns: number; readonly rows: number } {
    const { size } = this.#device;
    if (!this.#gone()) size._refreshSize?.();
    return { columns: size.columns ?? 0, rows: size.rows ?? 0 };
  }

  /** Writes what the terminal takes; a stopped terminal (Ctrl-S) takes the rest later. */
  #flushOutput(): void {
    if (this.#unwritten === "" || this.#closed || this.#gone()) return;
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

/** Nobody at a detached multiplexer sees a question; it waits like that of a background job. */
function jobState(): Attendance {
  const presence = ttyPresence();
  return presence === "detached" ? "background" : presence;
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "EAGAIN";
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
