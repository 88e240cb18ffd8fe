/**
 * The table of open sockets. Everything in it comes from other processes and is escaped; nothing is cut off, because the end
 * of an address is what counts: what is too wide for its column stands below.
 */
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { InventoryDocument, ShownSocket } from "../../net/inventory_document.ts";
import type { SocketAddress } from "../../net/port.ts";
import { columnsOf, wrapText } from "../../permissions/terminal/text_layout.ts";
import type { Paint } from "../paint.ts";
import { ageText, bytesText } from "./quantity.ts";
import type { RateOf } from "./socket_rates.ts";

/** How the table is drawn. */
export interface TableOptions {
  /** Width in columns. */
  readonly columns: number;
  /** Wall-clock time, for ages. */
  readonly nowMs: number;
  /** Colours. */
  readonly paint: Paint;
  /** How fast bytes pass. */
  readonly rateOf: RateOf;
}

const MIN_COLUMNS = 59;
const KIND_WIDTH = 9;
const NUMBER_WIDTH = 8;
const AGE_WIDTH = 6;
/** Blanks between kind, local, remote, in, out and age. */
const GAPS = 5;
const INDENT = " ".repeat(KIND_WIDTH + 1);

/** What was open in all processes. */
export function socketTable(processes: readonly InventoryDocument[], options: TableOptions): string[] {
  const shown = processes.filter(({ sockets, omitted }) => sockets.length + omitted > 0);
  if (shown.length === 0) return ["No socket of Parley is open."];
  const layout = new Layout(options);
  return [layout.header(), ...shown.flatMap((owner) => ["", ...layout.group(owner)])];
}

class Layout {
  readonly #options: TableOptions;
  readonly #columns: number;
  readonly #addressWidth: number;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#columns = Math.max(MIN_COLUMNS, options.columns - 1);
    const rest = this.#columns - KIND_WIDTH - 2 * NUMBER_WIDTH - AGE_WIDTH - GAPS;
    this.#addressWidth = Math.floor(rest / 2);
  }

  header(): string {
    return this.#options.paint.faint(this.#row(["KIND", "LOCAL", "REMOTE", "IN", "OUT", "AGE"]));
  }

  group(owner: InventoryDocument): string[] {
    const { pid, runtime, program, sockets, omitted } = owner;
    const name = program === null ? "a program without a file of its own" : nameOf(program);
    const heading = `${name} (process ${pid}, ${escapeText(runtime)})`;
    return [
      ...wrapText(heading, this.#columns).map((line) => this.#options.paint.strong(line)),
      ...sockets.flatMap((socket) => this.#socket(owner, socket)),
      ...(omitted > 0 ? [`${INDENT}and ${omitted} more`] : []),
    ];
  }

  #socket(owner: InventoryDocument, socket: ShownSocket): string[] {
    const { kind, local, remote, openedAtMs } = socket;
    const texts = [addressText(local), remote === null ? "-" : addressText(remote)] as const;
    const fits = texts.every((text) => columnsOf(text) <= this.#addressWidth);
    const [from, to] = fits ? texts : ["", ""];
    const isServer = kind === "listen";
    const row = this.#row([
      isKind(kind) ? kind : "other",
      from,
      to,
      isServer ? "-" : bytesText(socket.bytesReceived),
      isServer ? "-" : bytesText(socket.bytesSent),
      ageText(this.#options.nowMs - openedAtMs),
    ]);
    const addresses = fits ? [] : [`from ${texts[0]}`, ...(remote === null ? [] : [`to ${texts[1]}`])];
    const details = [...addresses, this.#about(owner, socket)];
    return [
      row,
      ...details.flatMap((text) => wrapText(text, this.#columns - INDENT.length)).map((line) => INDENT + line),
    ];
  }

  #about(owner: InventoryDocument, socket: ShownSocket): string {
    const { kind, destination, origin, received, sent, dropped, filtered } = socket;
    const rate = this.#options.rateOf(owner, socket);
    const isServer = kind === "listen";
    return [
      escapeText(destination, { maxLength: Infinity }),
      ...(isKind(kind) ? [] : [`kind ${escapeText(kind)}`]),
      ...(kind === "tcp" || kind === "udp" || kind === "udp-bound" ? ["NOT ENCRYPTED"] : []),
      ...(origin === owner.program ? [] : [`for ${nameOf(origin)}`]),
      ...(isServer ? [`${received} accepted`] : datagrams(kind, received, sent)),
      ...(dropped > 0 ? [`${dropped} dropped`] : []),
      ...(filtered > 0 ? [`${filtered} ${isServer ? "turned away" : "of others"}`] : []),
      ...(rate === null || isServer ? [] : [`${bytesText(rate.received)}/s in, ${bytesText(rate.sent)}/s out`]),
    ].join(", ");
  }

  #row([kind = "", local = "", remote = "", received = "", sent = "", age = ""]: readonly string[]): string {
    const cells = [
      padEnd(kind, KIND_WIDTH),
      padEnd(local, this.#addressWidth),
      padEnd(remote, this.#addressWidth),
      padStart(received, NUMBER_WIDTH),
      padStart(sent, NUMBER_WIDTH),
      padStart(age, AGE_WIDTH),
    ];
    return cells.join(" ");
  }
}

/** Whether it looks like one; a later Parley may have others than this one knows. */
function isKind(kind: string): boolean {
  return /^[a-z-]{1,9}$/.test(kind);
}

function datagrams(kind: string, received: number, sent: number): string[] {
  return kind.startsWith("udp") ? [`datagrams: ${received} in, ${sent} out`] : [];
}

function addressText({ address, port }: SocketAddress): string {
  const text = formatHostPort(address, port);
  return escapeText(text, { maxLength: Infinity });
}

/** A file by its path, anything else as it is. */
function nameOf(origin: string): string {
  return escapeText(origin.startsWith("file://") ? readable(origin.slice("file://".length)) : origin);
}

/** A path as its owner knows it; what cannot be decoded stays as it is. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columnsOf(text)));
}

function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - columnsOf(text))) + text;
}
