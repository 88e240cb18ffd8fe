/**
 * The plaintext dialogue that ends with a server ready for TLS, for four protocols. Fails when the offer is missing and
 * never falls back: a missing offer is what an attacker in the middle makes of it (NET-25).
 */
import { ParleyError } from "../../../core/errors.ts";
import { LineReader } from "./line_reader.ts";

/** Protocols whose upgrade is known. */
export type StartTlsProtocol = "smtp" | "imap" | "pop3" | "postgres";

/** Every protocol, for help texts and parsing. */
export const STARTTLS_PROTOCOLS: readonly StartTlsProtocol[] = Object.freeze(
  ["smtp", "imap", "pop3", "postgres"] as const,
);

/** The streams of a plaintext connection. */
export interface PlainStreams {
  /** From the server. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** To the server. */
  readonly writable: WritableStream<BufferSource>;
}

interface Dialogue {
  readonly reader: LineReader;
  say(text: string): Promise<void>;
}

/**
 * Speaks a protocol up to the point where TLS begins. What was read is dropped: nothing in it can be trusted.
 *
 * @param protocol What the server speaks.
 * @param streams The connection; its streams are unlocked again afterwards.
 * @throws {ParleyError} `TLS_NOT_OFFERED`, `TLS_LEFTOVER`, `DATA_TRUNCATED` or `DATA_TOO_LARGE`; what the streams throw.
 */
export async function negotiateStartTls(protocol: StartTlsProtocol, streams: PlainStreams): Promise<void> {
  const writer = streams.writable.getWriter();
  const reader = new LineReader(streams.readable);
  try {
    await DIALOGUES[protocol]({ reader, say: (text) => writer.write(latin1(text)) });
    reader.requireEmpty();
  } finally {
    writer.releaseLock();
    reader.release();
  }
}

/** RFC 3207. */
async function smtp({ reader, say }: Dialogue): Promise<void> {
  const reply = async (code: string): Promise<string[]> => {
    const lines = await reader.linesUntil((line) => !/^\d{3}-/u.test(line));
    if (!lines.at(-1)?.startsWith(code)) throw notOffered("SMTP", lines.at(-1));
    return lines;
  };
  await reply("220");
  // No host name of ours is given away; an address literal is what RFC 5321 has for that.
  await say("EHLO [127.0.0.1]\r\n");
  const capabilities = await reply("250");
  if (!capabilities.some((line) => /^250[ -]STARTTLS\s*$/iu.test(line))) throw notOffered("SMTP", null);
  await say("STARTTLS\r\n");
  await reply("220");
}

/** RFC 9051 section 6.2.1. A greeting of PREAUTH is a logged-in session, in which STARTTLS is not allowed. */
async function imap({ reader, say }: Dialogue): Promise<void> {
  const greeting = await reader.line();
  if (!/^\* OK\b/iu.test(greeting)) throw notOffered("IMAP", greeting);
  await say("p1 CAPABILITY\r\n");
  const answer = await reader.linesUntil((line) => line.startsWith("p1 "));
  if (!answer.some((line) => /^\* CAPABILITY\b.*\bSTARTTLS\b/iu.test(line))) throw notOffered("IMAP", null);
  await say("p2 STARTTLS\r\n");
  const result = (await reader.linesUntil((line) => line.startsWith("p2 "))).at(-1);
  if (!/^p2 OK\b/iu.test(result ?? "")) throw notOffered("IMAP", result);
}

/** RFC 2595 section 4. */
async function pop3({ reader, say }: Dialogue): Promise<void> {
  const greeting = await reader.line();
  if (!greeting.startsWith("+OK")) throw notOffered("POP3", greeting);
  await say("CAPA\r\n");
  const answer = await reader.linesUntil((line) => line === "." || line.startsWith("-ERR"));
  if (!answer.some((line) => /^STLS\s*$/iu.test(line))) throw notOffered("POP3", null);
  await say("STLS\r\n");
  const result = await reader.line();
  if (!result.startsWith("+OK")) throw notOffered("POP3", result);
}

/** PostgreSQL protocol, "SSLRequest": length 8, code 80877103; the answer is one byte, S or N. */
async function postgres({ reader, say }: Dialogue): Promise<void> {
  await say("\x00\x00\x00\x08\x04\xd2\x16\x2f");
  if (await reader.byte() !== "S".charCodeAt(0)) throw notOffered("PostgreSQL", null);
}

const DIALOGUES: Readonly<Record<StartTlsProtocol, (dialogue: Dialogue) => Promise<void>>> = Object.freeze({
  __proto__: null as never,
  smtp,
  imap,
  pop3,
  postgres,
});

function notOffered(protocol: string, answer: string | null | undefined): ParleyError {
  const said = answer ? `: the server said "${answer}"` : "";
  return new ParleyError("TLS_NOT_OFFERED", `Cannot start TLS: the ${protocol} server does not offer it${said}`);
}

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
