/** What the tests of this folder say over a connection, and what a redactor makes of it. */
import { Redactor, type WireDirection } from "./redact.ts";

/** A dialogue with secrets in it. */
export interface Dialogue {
  /** Chunks, each begun by its direction, `<` or `>`: what is said, and what is seen of it where that is not the same. */
  readonly talk: readonly (string | readonly [said: string, seen: string])[];
  /** What is never seen, in whatever chunks it comes. */
  readonly secrets: readonly string[];
}

const GAP = "[hidden]";

/** What a chunk looks like in the log, before it is escaped. At most 10,000 bytes of it where nothing else is said. */
export function redacted(redactor: Redactor, chunk: {
  readonly direction: WireDirection;
  readonly bytes: Uint8Array;
  readonly most?: number;
}): string {
  const shown = redactor.redact(chunk.bytes, { direction: chunk.direction, most: chunk.most ?? 10_000 });
  if (shown === null) return "(not shown)";
  return shown.pieces.map((piece) => piece ?? GAP).join("") + (shown.cut ? "..." : "");
}

/** A chunk of text, begun by its direction. */
export function chunkOf(text: string): { readonly direction: WireDirection; readonly bytes: Uint8Array } {
  return { direction: text[0] === "<" ? "<" : ">", bytes: new TextEncoder().encode(text.slice(1)) };
}

/** What chunks of text look like on a new connection. */
export function redactedTalk(said: readonly string[]): string[] {
  const redactor = new Redactor();
  return said.map((text) => redacted(redactor, chunkOf(text)));
}

/** What is said in a dialogue. */
export function saidIn({ talk }: Dialogue): string[] {
  return talk.map((chunk) => typeof chunk === "string" ? chunk : chunk[0]);
}

/** What is to be seen of it. */
export function seenOf({ talk }: Dialogue): string[] {
  return talk.map((chunk) => typeof chunk === "string" ? chunk.slice(1) : chunk[1]);
}

/**
 * Finds secrets in the log of a dialogue that comes in other chunks.
 *
 * @param dialogue The dialogue.
 * @param sizeOf How many bytes the next chunk has.
 * @returns Each secret of which eight characters can be seen, all where it has fewer.
 */
export function leaksOf(dialogue: Dialogue, sizeOf: (chunk: number) => number): string[] {
  const redactor = new Redactor();
  const shown = { "<": "", ">": "" };
  for (const said of saidIn(dialogue)) {
    const { direction, bytes } = chunkOf(said);
    for (let at = 0, part = 0; at < bytes.length; part++) {
      const end = at + sizeOf(part);
      shown[direction] += redacted(redactor, { direction, bytes: bytes.subarray(at, end) }).replaceAll(GAP, "");
      at = end;
    }
  }
  const all = `${shown["<"]}\n${shown[">"]}`;
  return dialogue.secrets.filter((secret) => all.includes(secret.slice(0, 8)) || all.includes(secret.slice(-8)));
}
