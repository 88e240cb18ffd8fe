/** Standard input as datagrams: one for each line, or all of it as one. Nothing longer than a datagram is ever kept. */
import { ParleyError } from "../../core/errors.ts";
import { MAX_DATAGRAM_BYTES } from "../../net/engine/udp/udp_socket.ts";
import { bytesOfHex } from "./hex.ts";

/** How lines are read. */
export interface LineOptions {
  /** Lines are hexadecimal. */
  readonly hex: boolean;
  /** Each datagram ends with CR LF. */
  readonly crlf: boolean;
  /** Blank lines are datagrams, too. */
  readonly empty: boolean;
  /** Told of a line that is no datagram. When it throws, the input ends there. */
  onBadLine(error: ParleyError): void;
}

interface Line {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Counted from 1. */
  readonly number: number;
  /** Whether there was more than is kept. */
  readonly isCut: boolean;
}

const LF = 10;
const CR = 13;
const CRLF = Uint8Array.of(CR, LF);
/** What a byte may take in a hexadecimal line: two digits, and what stands between. */
const HEX_WIDTH = 4;

/**
 * Makes a datagram of each line. Line ends are LF or CR LF, and no part of it; what follows the last one is a line, too.
 *
 * @param input Bytes.
 * @param options How lines are read.
 * @throws what `onBadLine` throws, and what the input does.
 */
export async function* lineDatagrams(
  input: ReadableStream<Uint8Array>,
  options: LineOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const cutter = new LineCutter(options.hex ? MAX_DATAGRAM_BYTES * HEX_WIDTH : MAX_DATAGRAM_BYTES + 1);
  for await (const chunk of input) {
    for (const line of cutter.add(chunk)) yield* toDatagram(line, options);
  }
  const rest = cutter.end();
  if (rest !== null) yield* toDatagram(rest, options);
}

/**
 * Makes one datagram of all of the input.
 *
 * @param input Bytes.
 * @throws {ParleyError} `DATA_TOO_LARGE` as soon as there are more than a datagram holds.
 */
export async function wholeDatagram(input: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of input) {
    parts.push(chunk);
    byteLength += chunk.byteLength;
    if (byteLength > MAX_DATAGRAM_BYTES) throw tooLarge("standard input as one datagram");
  }
  return joined(parts, byteLength);
}

function* toDatagram(line: Line, options: LineOptions): Generator<Uint8Array<ArrayBuffer>, void> {
  try {
    const bytes = options.hex ? hexLine(line) : textLine(line, options.crlf);
    if (bytes.byteLength > MAX_DATAGRAM_BYTES) throw tooLarge(`line ${line.number}`);
    if (options.empty || !isBlank(line, options.hex)) yield bytes;
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    options.onBadLine(error);
  }
}

function isBlank({ bytes }: Line, hex: boolean): boolean {
  return hex ? bytes.every((byte) => byte === 32 || byte === 9) : bytes.byteLength === 0;
}

function hexLine({ bytes, number, isCut }: Line): Uint8Array<ArrayBuffer> {
  if (isCut) throw tooLarge(`line ${number}`);
  const read = bytesOfHex(new TextDecoder("latin1").decode(bytes));
  if (read !== null) return read;
  throw new ParleyError("ARG_INVALID", `Cannot send line ${number}: it is not pairs of hexadecimal digits`);
}

function textLine({ bytes, number, isCut }: Line, crlf: boolean): Uint8Array<ArrayBuffer> {
  if (isCut) throw tooLarge(`line ${number}`);
  return crlf ? joined([bytes, CRLF], bytes.byteLength + CRLF.byteLength) : bytes;
}

function tooLarge(what: string): ParleyError {
  return new ParleyError("DATA_TOO_LARGE", `Cannot send ${what}: a datagram holds ${MAX_DATAGRAM_BYTES} bytes`);
}

/** Cuts bytes at line ends, across chunks. */
class LineCutter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #byteLength = 0;
  #isCut = false;
  #number = 0;

  /** @param maxBytes What is kept of a line, the CR at its end included. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that a chunk completes. */
  *add(chunk: Uint8Array): Generator<Line, void> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#keep(chunk.subarray(start, end));
      yield this.#line();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** What stands behind the last line end; null for nothing. */
  end(): Line | null {
    return this.#byteLength > 0 ? this.#line() : null;
  }

  #keep(part: Uint8Array): void {
    const room = this.#maxBytes - this.#byteLength;
    const kept = part.subarray(0, room);
    if (kept.byteLength < part.byteLength) this.#isCut = true;
    if (kept.byteLength > 0) this.#parts.push(kept);
    this.#byteLength += kept.byteLength;
  }

  #line(): Line {
    const all = joined(this.#parts, this.#byteLength);
    const bytes = all.at(-1) === CR ? all.subarray(0, -1) : all;
    const line = { bytes, number: ++this.#number, isCut: this.#isCut };
    this.#parts = [];
    this.#byteLength = 0;
    this.#isCut = false;
    return line;
  }
}

function joined(parts: readonly Uint8Array[], byteLength: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(byteLength);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.byteLength;
  }
  return all;
}
