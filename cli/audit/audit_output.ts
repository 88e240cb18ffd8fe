/** Standard output of `parley audit`: lines for people, or one JSON object a line. */
import type { CommandHost } from "../../runtime/command.ts";
import { asciiJson, type Event, type Messages } from "../messages.ts";

/** Bytes that are collected before they are written. */
const CHUNK = 65_536;

/** Writes results. */
export class AuditOutput {
  readonly #host: Pick<CommandHost, "writeOut">;
  readonly #messages: Messages;
  readonly #json: boolean;
  #pending = "";

  /**
   * @param host Standard output.
   * @param messages Standard error.
   * @param json Whether programs read it.
   */
  constructor(host: Pick<CommandHost, "writeOut">, messages: Messages, json: boolean) {
    this.#host = host;
    this.#messages = messages;
    this.#json = json;
  }

  /** Writes a result: an object for programs, or escaped lines for people. */
  async say(event: Event, lines: readonly string[]): Promise<void> {
    if (this.#json) await this.#write(`${asciiJson(event)}\n`);
    else await this.lines(lines);
  }

  /** Writes a line of the log: itself for programs, or escaped lines for people. */
  async line(text: string, lines: () => readonly string[]): Promise<void> {
    if (this.#json) await this.#write(`${text}\n`);
    else await this.lines(lines());
  }

  /** Writes escaped lines that are for people only. */
  async lines(lines: readonly string[]): Promise<void> {
    if (!this.#json) await this.#write(lines.map((line) => `${line}\n`).join(""));
  }

  /** Says on standard error that something is not as it should be. */
  warn(text: string): void {
    this.#messages.report(`parley: ${text}`);
  }

  /** Writes what was collected. */
  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") await this.#host.writeOut(new TextEncoder().encode(text));
  }

  async #write(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) await this.flush();
  }
}
