/**
 * What leaves and enters a namespace, by tcpdump on all its interfaces: TCP and UDP only, because an idle IPv6 interface
 * talks by itself. Marks, datagrams of our own, divide the capture, so that "nothing until now" needs no waiting.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { type NamespacePair, ROUTER } from "./netns.ts";

/** One captured packet. */
export interface CapturedPacket {
  /** What it is: a question to a name server, the first packet of a TCP connection, or something else. */
  readonly kind: "query" | "syn" | "other";
  /** Destination address and port, as tcpdump prints them: `198.51.45.25.25`. */
  readonly to: string;
  /** The whole line. */
  readonly line: string;
}

const run = promisify(execFile);
const MARK_PORT = 9;
const MARK_WITHIN_MS = 500;
const MAX_TRIES = 20;
const START_WITHIN_MS = 20_000;
const MARK = new RegExp(`> ${ROUTER.replaceAll(".", "\\.")}\\.${MARK_PORT}: UDP, length (\\d+)$`);
const SEND_MARK = `import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(int(sys.argv[1])), ("${ROUTER}", ${MARK_PORT}))`;

/** A running capture. Dispose of it. */
export class PacketCapture {
  readonly #namespaces: NamespacePair;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #lines: string[] = [];
  #messages = "";
  #partial = "";
  #marks = 0;
  #ended = false;
  #wake: () => void = () => {};

  /** @param namespaces Where to listen; use {@linkcode PacketCapture.start}. */
  constructor(namespaces: NamespacePair) {
    this.#namespaces = namespaces;
    const args = ["-i", "any", "-n", "-l", "--immediate-mode", "tcp or udp"];
    const [program = "", ...rest] = namespaces.inClient(["/usr/bin/tcpdump", ...args]);
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#received(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#messages += text;
      this.#wake();
    });
    this.#closed = new Promise((resolve) => {
      const end = (): void => {
        this.#ended = true;
        resolve();
        this.#wake();
      };
      child.on("error", end);
      child.on("close", end);
    });
  }

  /** Starts a capture in the client's namespace and waits until it listens. */
  static async start(namespaces: NamespacePair): Promise<PacketCapture> {
    const capture = new PacketCapture(namespaces);
    const listens = (): boolean => capture.#messages.includes("listening on");
    await capture.#until(listens, START_WITHIN_MS);
    if (!listens()) throw new TypeError(`Cannot capture packets: tcpdump says ${capture.#messages}`);
    await capture.sinceMark();
    return capture;
  }

  /**
   * Makes a mark and waits until the capture has it: then it also has everything that left before.
   *
   * @returns The packets since the last mark.
   */
  async sinceMark(): Promise<CapturedPacket[]> {
    const length = String(++this.#marks);
    const [program = "", ...args] = this.#namespaces.inClient(["/usr/bin/python3", "-c", SEND_MARK, length]);
    const isMark = (line: string): boolean => MARK.exec(line)?.[1] === length;
    // Again and again: a link that was just made may lose the first.
    for (let tries = 0; !this.#lines.some(isMark); tries++) {
      if (tries === MAX_TRIES) throw new TypeError(`Cannot capture packets: mark ${length} does not arrive`);
      await run(program, args);
      await this.#until(() => this.#lines.some(isMark), MARK_WITHIN_MS);
    }
    const lines = this.#lines.splice(0, this.#lines.findIndex(isMark) + 1);
    return lines.filter((line) => !MARK.test(line)).map(toPacket);
  }

  /** Ends the capture. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#closed;
  }

  /** Until it is so, or the time is over. */
  async #until(done: () => boolean, limitMs: number): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, limitMs);
    try {
      while (!done() && !late) {
        if (this.#ended) throw new TypeError(`Cannot capture packets: tcpdump ended: ${this.#messages}`);
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #received(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    this.#lines.push(...lines);
    this.#wake();
  }
}

function toPacket(line: string): CapturedPacket {
  const to = / > (\S+): /.exec(line)?.[1] ?? "";
  if (/\.53$/.test(to)) return { kind: "query", to, line };
  return { kind: /Flags \[S\]/.test(line) ? "syn" : "other", to, line };
}
