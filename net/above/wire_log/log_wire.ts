/** A wire log: a line for each chunk that passes over a connection, with secrets hidden. */
import type { Clock } from "../../../core/clock.ts";
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { escapeText } from "../../../core/escape.ts";
import { toEnum } from "../../../core/webidl.ts";
import { LoggedReadable } from "./logged_readable.ts";
import { LoggedWritable } from "./logged_writable.ts";
import { Redactor, type WireDirection } from "./redact.ts";
import type { Piece, ShownText } from "./shown_text.ts";

/** The streams of a connection. */
export interface WireStreams {
  /** What the other side sends. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent to it. */
  readonly writable: WritableStream<BufferSource>;
}

/** The streams of a connection whose bytes are logged on their way. */
export interface LoggedStreams extends WireStreams {
  /**
   * Gives the connection's own streams back, unlocked, and makes these two unusable: before an upgrade to TLS, or where the
   * connection is closed by a method of its own. A side that has ended is unlocked already.
   *
   * @throws {TypeError} While a read, a write or the closing is under way, or bytes that were read have not been taken.
   */
  release(): void;
}

/** How a wire log is written. */
export interface WireLogOptions {
  /** Takes a line, printable ASCII without a line end. What it throws ends the stream whose chunk it was. */
  write(line: string): void;
  /** `redacted` shows text with secrets hidden, `sizes` how many bytes passed only. Default `redacted`. */
  readonly content?: "redacted" | "sizes";
  /** Text shown of one chunk, in bytes as UTF-8, 1 to 65,536. Default 256. */
  readonly maxBytes?: number;
  /** Where the time comes from. Default the system's, by a clock that is never set back. */
  readonly clock?: Pick<Clock, "nowMs">;
}

type LogChunk = (bytes: Uint8Array, direction: WireDirection) => void;

const { performance } = globalThis;
const systemClock: Pick<Clock, "nowMs"> = { nowMs: () => performance.timeOrigin + performance.now() };

const CONTENTS = ["redacted", "sizes"] as const;
const DEFAULT_MAX_BYTES = 256;
const LARGEST_MAX_BYTES = 65_536;
const HIDDEN = "[hidden]";
const NOT_ASCII = /[^\x20-\x7e]/gv;

/**
 * Logs what passes over a connection: one line for each chunk, as `2026-01-01T00:00:00.000Z > 6 bytes: QUIT\u{d}\u{a}`,
 * where `>` marks bytes that are sent and `<` bytes that were received.
 *
 * The bytes pass unchanged, with the backpressure, the errors and the buffers of readers (BYOB) that there were without the log.
 * They are escaped, so that neither side can add a line to the log or steer a terminal.
 *
 * **Secrets are hidden** (`[hidden]`), and there is no way to show them: credentials of SASL and of the commands of mail,
 * file, chat and Redis protocols, HTTP authorization and cookies, what is called password, token, secret or key in queries,
 * forms, JSON, XML and headers, user information of URLs, PEM blocks, and any long run of base64 or hex. Chunk boundaries do
 * not matter: in doubt, as for a word that a chunk cuts, the log hides. When anything passes that is not text, it shows sizes
 * only from then on, in both directions.
 *
 * That is a best effort by the look of things. A secret with no mark of its own (a short token in a protocol not known, what
 * a person writes in a message) is shown, as are the connection's contents otherwise: keep the log as you keep those, or ask
 * for `content: "sizes"`.
 *
 * @param streams The connection. Its streams are locked until the logged ones have ended or were released.
 * @param options Where lines go, and what they show.
 * @returns Streams to use in its place.
 * @throws {TypeError} When a stream is locked, or an option has no usable value.
 * @throws {RangeError} When `maxBytes` is not a whole number from 1 to 65,536.
 *
 * @example Seeing what a protocol says
 * ```ts
 * import { logWire, openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const socket = await openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * const lines: string[] = [];
 * const { readable, writable } = logWire(socket, { write: (line) => lines.push(line) });
 *
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("PASS hunter2\r\n"));
 * await writer.close();
 * assert.equal(await new Response(readable).text(), "PASS hunter2\r\n");
 * assert.match(lines[0]!, /^\S+Z > 14 bytes: PASS \[hidden\]\\u\{d\}\\u\{a\}$/);
 * assert.match(lines[1]!, /^\S+Z < 14 bytes: PASS \[hidden\]\\u\{d\}\\u\{a\}$/);
 * ```
 */
export function logWire(streams: WireStreams, options: WireLogOptions): LoggedStreams {
  const log = chunkLog(options);
  const { readable, writable } = streams;
  if (readable.locked || writable.locked) throw new TypeError("Cannot log a connection: one of its streams is locked");
  const received = new LoggedReadable(readable, (bytes) => log(bytes, "<"));
  const sent = new LoggedWritable(writable, (bytes) => log(bytes, ">"));
  return Object.freeze({
    readable: received.stream,
    writable: sent.stream,
    release() {
      if (received.busy || sent.busy) throw new TypeError("Cannot release the streams: something is under way in them");
      const error = new TypeError("Cannot use the stream: the log was released");
      received.release(error);
      sent.release(error);
    },
  });
}

function chunkLog(options: unknown): LogChunk {
  const own = requireDictionary(options, "options");
  const write = member(own, "write");
  if (typeof write !== "function") throw new TypeError("Cannot log a connection: write is not a function");
  const content = toEnum(member(own, "content") ?? "redacted", CONTENTS, "content");
  const most = readMaxBytes(member(own, "maxBytes"));
  const clock = readClock(member(own, "clock"));
  const redactor = content === "redacted" ? new Redactor() : null;
  return (bytes, direction) => {
    const { byteLength } = bytes;
    const start = `${new Date(clock.nowMs()).toISOString()} ${direction} ${byteLength} ${
      byteLength === 1 ? "byte" : "bytes"
    }`;
    const shown = redactor?.redact(bytes, { direction, most });
    write.call(own, start + formatContent(shown));
  };
}

function formatContent(shown: ShownText | null | undefined): string {
  if (shown === undefined) return "";
  if (shown === null) return ", not shown";
  if (shown.pieces.length === 0) return "";
  return `: ${shown.pieces.map(formatPiece).join("")}${shown.cut ? "..." : ""}`;
}

function formatPiece(piece: Piece): string {
  if (piece === null) return HIDDEN;
  const escaped = escapeText(piece, { maxLength: Infinity });
  return escaped.replace(NOT_ASCII, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function readClock(value: unknown): Pick<Clock, "nowMs"> {
  if (value === undefined) return systemClock;
  if (typeof member(value, "nowMs") !== "function") {
    throw new TypeError("Cannot log a connection: clock is not a clock");
  }
  return value as Clock;
}

function readMaxBytes(value: unknown): number {
  if (value === undefined) return DEFAULT_MAX_BYTES;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LARGEST_MAX_BYTES) {
    return value as number;
  }
  throw new RangeError(`Cannot log a connection: maxBytes is not a whole number from 1 to ${LARGEST_MAX_BYTES}`);
}
