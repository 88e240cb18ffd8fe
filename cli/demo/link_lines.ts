/** Lines over a byte link, for the demo's server. */
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink } from "../../net/port.ts";

const MAX_LINE = 1000;

/** Reads and writes lines. */
export class LinkLines {
  readonly #link: ByteLink;
  #text = "";

  /** @param link The connection. */
  constructor(link: ByteLink) {
    this.#link = link;
  }

  /** Characters that were read but not asked for. */
  get buffered(): number {
    return this.#text.length;
  }

  /**
   * The next line without its end, or null at the end of the connection.
   *
   * @throws {ParleyError} `DATA_TOO_LARGE` for an endless line.
   */
  async next(): Promise<string | null> {
    for (;;) {
      const at = this.#text.indexOf("\n");
      if (at >= 0) {
        const line = this.#text.slice(0, at).replace(/\r$/u, "");
        this.#text = this.#text.slice(at + 1);
        return line;
      }
      if (this.#text.length > MAX_LINE) {
        throw new ParleyError("DATA_TOO_LARGE", "Cannot read the command: the line is too long");
      }
      const chunk = await this.#link.readChunk();
      if (chunk === null) return null;
      this.#text += new TextDecoder().decode(chunk);
    }
  }

  /** Sends lines. */
  async say(...lines: string[]): Promise<void> {
    await this.#link.write(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
  }
}
