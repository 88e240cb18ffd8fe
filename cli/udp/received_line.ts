/** Received datagrams as lines of standard output. */
import { escapeBytes, escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { SocketAddress } from "../../net/port.ts";
import { asciiJson } from "../messages.ts";
import { hexOfBytes } from "./hex.ts";

/** A datagram, and who sent it. */
export interface ReceivedDatagram {
  /** Its bytes. */
  readonly data: Uint8Array;
  /** The sender. */
  readonly from: SocketAddress;
}

/** How datagrams are written. */
export interface ReceivedLineOptions {
  /** As JSON objects. */
  readonly json: boolean;
  /** In hexadecimal. */
  readonly hex: boolean;
  /** For a terminal, where nothing that the sender chose may act (CON-11). */
  readonly isTerminal: boolean;
  /** Whether anybody may be the sender; on a terminal the line then begins with who it was. */
  readonly isBound: boolean;
}

const LF = 10;

/**
 * Writes a datagram as one line. On a terminal what the sender chose is escaped, line ends inside included; elsewhere the
 * bytes stay as they are.
 *
 * @param received The datagram.
 * @param options In which form.
 * @returns The line, with its end.
 */
export function receivedLine(
  { data, from }: ReceivedDatagram,
  options: ReceivedLineOptions,
): Uint8Array {
  const sender = formatHostPort(from.address, from.port);
  if (options.json) {
    const event = { event: "datagram", from: sender, bytes: data.byteLength, ...content(data, options.hex) };
    return new TextEncoder().encode(`${asciiJson(event)}\n`);
  }
  const prefix = options.isTerminal && options.isBound ? `${escapeText(sender)} ` : "";
  if (options.hex) return new TextEncoder().encode(`${prefix}${hexOfBytes(data)}\n`);
  if (!options.isTerminal) return endedLine(data);
  return new TextEncoder().encode(`${prefix}${escapeBytes(withoutLineEnd(data))}\n`);
}

function content(data: Uint8Array, hex: boolean): { readonly text: string } | { readonly hex: string } {
  if (hex) return { hex: hexOfBytes(data) };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { hex: hexOfBytes(data) };
  }
}

/** One line end at the end, be it the sender's. */
function endedLine(data: Uint8Array): Uint8Array {
  if (data.at(-1) === LF) return data;
  const line = new Uint8Array(data.byteLength + 1);
  line.set(data);
  line[data.byteLength] = LF;
  return line;
}

function withoutLineEnd(data: Uint8Array): Uint8Array {
  if (data.at(-1) !== LF) return data;
  return data.subarray(0, data.at(-2) === 13 ? -2 : -1);
}
