/** Passes datagrams between standard streams and a socket, both directions on their own, until one of the reasons to end. */
import type { Clock, Timer } from "../../core/clock.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import { FREE_BYTES, FREE_DATAGRAMS } from "../../net/engine/udp/unanswered_limit.ts";
import type { CommandHost } from "../../runtime/command.ts";
import type { Messages } from "../messages.ts";
import { lineDatagrams, wholeDatagram } from "./input_datagrams.ts";
import type { Datagrams, DatagramTarget } from "./open_datagrams.ts";
import { type ReceivedDatagram, receivedLine } from "./received_line.ts";
import type { UdpPlan } from "./udp_plan.ts";

/** What datagrams are passed between. */
export interface ExchangeInit {
  /** The socket. */
  readonly socket: Datagrams;
  /** What the command is to do. */
  readonly plan: UdpPlan;
  /** Standard streams. */
  readonly host: Pick<CommandHost, "stdin" | "stdinIsTerminal" | "stdoutIsTerminal" | "writeOut">;
  /** Where messages go. */
  readonly messages: Messages;
  /** Time. */
  readonly clock: Clock;
}

/** Milliseconds that a datagram may take to leave before the operator is told that it waits. */
const PATIENCE_MS = 100;

/** Where nothing more can be said of a failure than that this datagram did not leave. */
const PASSING: ReadonlySet<string> = new Set(["NET_REFUSED", "NET_UNREACHABLE"]);

/**
 * Passes datagrams until enough have come, or the input has ended and answers were waited for.
 *
 * @param init What they are passed between.
 * @throws {ParleyError} what broke the socket off or kept a datagram from leaving; `NET_TIMEOUT` when too little came;
 * `ARG_INVALID` or `DATA_TOO_LARGE` for input that is no datagram.
 */
export async function exchangeDatagrams(init: ExchangeInit): Promise<void> {
  await new Exchange(init).run();
}

class Exchange {
  readonly #init: ExchangeInit;
  readonly #over = Promise.withResolvers<void>();
  readonly #firstSender = Promise.withResolvers<void>();
  #sender: DatagramTarget | null = null;
  #received = 0;
  #writing: Promise<void> = Promise.resolve();
  #silence: Timer | null = null;
  #wait: Timer | null = null;
  #isWaitTold = false;
  #lastFailure: unknown = null;

  constructor(init: ExchangeInit) {
    this.#init = init;
  }

  async run(): Promise<void> {
    const { promise, resolve, reject } = this.#over;
    this.#watchSilence();
    this.#receive().then(resolve, reject);
    if (this.#init.plan.input !== "none") this.#send().then(() => this.#inputEnded(), reject);
    try {
      await promise;
      await this.#writing;
    } finally {
      this.#silence?.cancel();
      this.#wait?.cancel();
      this.#tellClosed();
    }
  }

  async #receive(): Promise<void> {
    const { socket, plan } = this.#init;
    for (;;) {
      const datagram = await socket.receive();
      if (datagram === null) return;
      this.#sender = datagram.from;
      this.#firstSender.resolve();
      this.#received++;
      // What waits to be written is no silence.
      this.#silence?.cancel();
      this.#writing = this.#write(datagram);
      await this.#writing;
      if (this.#received === plan.count) return;
      this.#watchSilence();
    }
  }

  #write(datagram: ReceivedDatagram): Promise<void> {
    const { plan: { json, hex, socket }, host } = this.#init;
    const how = { json, hex, isTerminal: host.stdoutIsTerminal, isBound: socket.kind === "bound" };
    return host.writeOut(receivedLine(datagram, how));
  }

  async #send(): Promise<void> {
    for await (const bytes of this.#datagrams()) {
      const to = await this.#target();
      await this.#sendOne(bytes, to);
    }
    if (this.#lastFailure !== null && this.#init.socket.counters.sent === 0) throw this.#lastFailure;
  }

  async *#datagrams(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const { plan: { input, hex, crlf, empty }, host, messages } = this.#init;
    if (input === "whole") return yield await wholeDatagram(host.stdin);
    const onBadLine = (error: ParleyError): void => {
      // Whoever mistypes can type it again; a file that is wrong in one place may be wrong in all.
      if (!host.stdinIsTerminal) throw error;
      messages.fail(error);
    };
    yield* lineDatagrams(host.stdin, { hex, crlf, empty, onBadLine });
  }

  async #target(): Promise<DatagramTarget> {
    const { plan: { reply, socket }, messages } = this.#init;
    if (socket.to !== null) return { address: socket.to.host.text, port: socket.to.port };
    if (reply && this.#sender === null && !this.#isWaitTold) {
      this.#isWaitTold = true;
      messages.tell({ event: "waiting", to: null }, "parley: nobody has written yet; the input waits for the first");
    }
    await this.#firstSender.promise;
    return this.#sender ?? { address: "", port: 0 };
  }

  async #sendOne(bytes: Uint8Array, to: DatagramTarget): Promise<void> {
    const { socket, messages } = this.#init;
    const taken = socket.send(bytes, to);
    if (taken !== undefined) {
      const notice = this.#noticeTurn(bytes, to);
      try {
        await taken;
      } catch (error) {
        return this.#notSent(error, to);
      } finally {
        notice?.cancel();
      }
    }
    messages.tell({ event: "sent", to: shown(to), bytes: bytes.byteLength }, null);
  }

  /** NET-27: tells once that datagrams wait for their turn, when this one does. */
  #noticeTurn({ byteLength }: Uint8Array, to: DatagramTarget): Timer | null {
    const { socket: { counters }, plan, messages, clock } = this.#init;
    const isBeyond = counters.sent >= FREE_DATAGRAMS || counters.bytesSent + byteLength > FREE_BYTES;
    if (plan.reply || this.#isWaitTold || !isBeyond) return null;
    return clock.after(PATIENCE_MS, () => {
      this.#isWaitTold = true;
      const line = `parley: ${escapeText(shown(to))} has not answered; until it does, one datagram a second is sent`;
      messages.tell({ event: "waiting", to: shown(to) }, line);
    }, { keepAlive: false });
  }

  /** What concerns one datagram, or one of many askers, does not end the rest. */
  #notSent(error: unknown, to: DatagramTarget): void {
    const { plan, messages } = this.#init;
    if (!isParleyError(error) || !(PASSING.has(error.code) || (plan.reply && isOfOnePeer(error)))) throw error;
    this.#lastFailure = error;
    const { code, message } = error;
    const line = `parley: not sent to ${escapeText(shown(to))}: ${escapeText(message)} [${code}]`;
    messages.tell({ event: "unsent", to: shown(to), code, message }, line);
  }

  #watchSilence(): void {
    const { plan: { timeoutMs }, clock } = this.#init;
    if (timeoutMs === null) return;
    this.#silence = clock.after(timeoutMs, () => {
      const state = `no datagram came for ${timeoutMs / 1000} s`;
      this.#over.reject(new ParleyError("NET_TIMEOUT", `Cannot go on: ${state}`));
    });
  }

  #inputEnded(): void {
    const { plan: { waitMs }, clock } = this.#init;
    this.#wait = clock.after(waitMs, () => this.#waited());
  }

  #waited(): void {
    const { count } = this.#init.plan;
    if (count === null || this.#received >= count) return this.#over.resolve();
    const state = `${this.#received} of ${count} datagrams came`;
    this.#over.reject(new ParleyError("NET_TIMEOUT", `Cannot wait longer: ${state}`));
  }

  #tellClosed(): void {
    const { socket: { counters }, messages } = this.#init;
    const { sent, received, bytesSent, bytesReceived, dropped } = counters;
    const line = dropped === 0
      ? null
      : `parley: ${dropped} datagrams were dropped: they came faster than they were written`;
    messages.tell({ event: "closed", sent, received, bytesSent, bytesReceived, dropped }, line);
  }
}

function isOfOnePeer({ code }: ParleyError): boolean {
  return code.startsWith("PERM_") || code === "NET_LIMIT" || code === "NET_MESSAGE_SIZE";
}

function shown({ address, port }: DatagramTarget): string {
  return formatHostPort(address, port);
}
