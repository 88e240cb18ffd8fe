/**
 * Hides secrets in what passes over a connection, chunk by chunk. No time, no streams: the same chunks give the same result.
 *
 * Both directions are read as text, line by line; the beginning of a line is kept, so that a secret is known though a chunk
 * cuts it or its name. What cannot be judged is hidden: a word that a chunk cuts, a line past 4,096 characters, and from the
 * first byte on that is no text, everything.
 */
import { ShownText } from "./shown_text.ts";
import { WireSide } from "./wire_side.ts";

/** Which way bytes went: `<` they were received, `>` sent. */
export type WireDirection = "<" | ">";

/** Bytes that are decoded at once, so that a huge chunk takes no huge string. */
const SLICE_BYTES = 16 * 1024;

/** What no text holds. */
const CONTROL = /(?![\t\n\r])\p{Cc}/v;
const LINE_BREAKS = /([\r\n]+)/v;

interface Direction {
  readonly decoder: TextDecoder;
  readonly side: WireSide;
}

/** The redactor of one connection. */
export class Redactor {
  readonly #received = newDirection();
  readonly #sent = newDirection();
  #blind = false;

  /**
   * Takes the next chunk.
   *
   * @param bytes The chunk. Neither changed nor kept.
   * @param how Which way it went, and how much text is wanted at most, in bytes as UTF-8. What comes after is judged, but not
   * returned.
   * @returns What may be shown; null when this or an earlier chunk, in either direction, was not text. A character that a
   * chunk cuts stands in the next one's text.
   */
  redact(bytes: Uint8Array, how: { readonly direction: WireDirection; readonly most: number }): ShownText | null {
    const received = how.direction === "<";
    const { decoder, side } = received ? this.#received : this.#sent;
    const other = (received ? this.#sent : this.#received).side;
    const shown = new ShownText(how.most);
    side.beginChunk();
    for (let at = 0; at < bytes.byteLength && !this.#blind; at += SLICE_BYTES) {
      const text = decode(decoder, bytes.subarray(at, at + SLICE_BYTES));
      if (text === null) this.#blind = true;
      else readText(text, { side, other, shown });
    }
    if (this.#blind) return null;
    side.show(shown, { other, finished: false });
    return shown;
  }
}

function newDirection(): Direction {
  return { decoder: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }), side: new WireSide() };
}

/** The next text; a character that is cut is kept for later. Null for what is no text. */
function decode(decoder: TextDecoder, bytes: Uint8Array): string | null {
  try {
    const text = decoder.decode(bytes, { stream: true });
    return CONTROL.test(text) ? null : text;
  } catch {
    return null;
  }
}

function readText(
  text: string,
  to: { readonly side: WireSide; readonly other: WireSide; readonly shown: ShownText },
): void {
  const { side, other, shown } = to;
  for (const [index, part] of text.split(LINE_BREAKS).entries()) {
    if (index % 2 === 0) {
      side.extend(part);
      continue;
    }
    side.show(shown, { other, finished: true });
    side.finish(other);
    shown.show(part);
  }
}
