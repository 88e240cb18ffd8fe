/** Line dialogues over a socket, for the programs beside this file: what an author would write for a line protocol. */
import type { TCPSocket } from "../../../mod.ts";

/** What a program talks over. */
export type Streams = Pick<TCPSocket, "readable" | "writable">;

const MAX_LINE = 8192;

/**
 * Reads one line and not a byte more, so that nothing meant for TLS is taken from the socket before the upgrade.
 *
 * @returns The line without its end; characters are bytes.
 * @throws {RangeError} For an endless line, or an end inside one.
 */
export async function readLine({ readable }: Streams): Promise<string> {
  const reader = readable.getReader({ mode: "byob" });
  try {
    let line = "";
    while (!line.endsWith("\n")) {
      const { done, value } = await reader.read(new Uint8Array(1));
      if (done || line.length > MAX_LINE) throw new RangeError(`Cannot read a line: it stops after "${line}"`);
      line += String.fromCharCode(value[0] ?? 0);
    }
    return line.replace(/\r?\n$/, "");
  } finally {
    reader.releaseLock();
  }
}

/** Reads lines up to the one that `last` accepts, which is included. */
export async function readLines(streams: Streams, last: (line: string) => boolean): Promise<string[]> {
  const lines = [await readLine(streams)];
  while (!last(lines.at(-1) ?? "")) lines.push(await readLine(streams));
  return lines;
}

/** Writes text; characters are bytes. */
export async function say({ writable }: Streams, text: string): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } finally {
    writer.releaseLock();
  }
}

/** Everything up to the end of the stream. */
export async function readAll({ readable }: Streams): Promise<string> {
  let text = "";
  for await (const chunk of readable) text += String.fromCharCode(...chunk);
  return text;
}

/** The last line of an SMTP answer. */
export const smtpEnd = (line: string): boolean => /^\d{3} /.test(line);
/** The end of a POP3 list. */
export const pop3End = (line: string): boolean => line === "." || line.startsWith("-ERR");
/** The tagged line of an IMAP answer. */
export const imapEnd = (tag: string): (line: string) => boolean => (line) => line.startsWith(`${tag} `);
