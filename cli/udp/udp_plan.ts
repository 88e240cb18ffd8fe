/** What `parley udp` was told on its command line. Everything wrong with it is said before anybody is asked. */
import { type Destination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { type AddressClass, classifyAddress } from "../../core/ip_address.ts";
import { toInterfaceName } from "../../net/faces/servers/udp_bind_options.ts";
import { toMembership } from "../../net/faces/servers/udp_group_options.ts";
import type { Membership } from "../../net/datagram_port.ts";
import type { ParsedArguments } from "../../runtime/command.ts";
import { flagOption, listOption, textOption } from "../command.ts";
import { type ConsentOptions, consentOptions } from "../consent_options.ts";

/** A socket with one peer. */
export interface ConnectedPlan {
  /** Which kind. */
  readonly kind: "connected";
  /** The peer. */
  readonly to: Destination;
}

/** A socket that hears everybody. */
export interface BoundPlan {
  /** Which kind. */
  readonly kind: "bound";
  /** Where it listens. */
  readonly local: Destination;
  /** Groups to be joined. */
  readonly joins: readonly Membership[];
  /** The interface for groups, or null for the system's choice. */
  readonly interfaceName: string | null;
  /** Whether datagrams may go to every device of a network. */
  readonly broadcast: boolean;
  /** Where the input goes, or null. */
  readonly to: Destination | null;
}

/** What the command is to do. */
export interface UdpPlan {
  /** The socket. */
  readonly socket: ConnectedPlan | BoundPlan;
  /** What is approved in advance, and what is left behind. */
  readonly consent: ConsentOptions;
  /** How standard input is read. `none`: not at all. */
  readonly input: "lines" | "whole" | "none";
  /** Whether the input goes to whoever wrote last. */
  readonly reply: boolean;
  /** Whether lines are hexadecimal, those written as well. */
  readonly hex: boolean;
  /** Whether each datagram ends with CR LF. */
  readonly crlf: boolean;
  /** Whether blank lines are sent. */
  readonly empty: boolean;
  /** Whether programs read along. */
  readonly json: boolean;
  /** Datagrams after which it ends, or null. */
  readonly count: number | null;
  /** Milliseconds between the end of the input and the end of the command. */
  readonly waitMs: number;
  /** Milliseconds without a datagram after which it gives up, or null. */
  readonly timeoutMs: number | null;
}

const DEFAULT_WAIT_S = "1";
const MAX_SECONDS = 86_400;
const COUNT = /^[1-9][0-9]{0,8}$/;

/**
 * Reads the command line.
 *
 * @param args What was typed.
 * @throws {ParleyError} `ARG_INVALID` or a `DEST_` code.
 * @throws {TypeError} for a group or an interface that is none.
 */
export function readUdpPlan(args: ParsedArguments): UdpPlan {
  const listen = textOption(args, "listen");
  const socket = listen === null ? readConnected(args) : readBound(args, listen);
  const reply = flagOption(args, "reply");
  const count = textOption(args, "count");
  if (count !== null && !COUNT.test(count)) throw usage("--count takes a number from 1 to 999999999");
  const timeout = textOption(args, "timeout");
  const timeoutMs = timeout === null ? null : toMs(timeout, "--timeout");
  if (timeoutMs === 0) throw usage("--timeout takes seconds, from above 0 to 86400");
  return {
    socket,
    reply,
    consent: consentOptions(args),
    ...readInput(args, { isRead: socket.to !== null || reply }),
    json: flagOption(args, "json"),
    count: count === null ? null : Number(count),
    waitMs: toMs(textOption(args, "wait") ?? DEFAULT_WAIT_S, "--wait"),
    timeoutMs,
  };
}

function readInput(
  args: ParsedArguments,
  { isRead }: { readonly isRead: boolean },
): Pick<UdpPlan, "input" | "hex" | "crlf" | "empty"> {
  const [whole, hex, crlf] = [flagOption(args, "whole"), flagOption(args, "hex"), flagOption(args, "crlf")];
  const empty = flagOption(args, "empty");
  if (!isRead) {
    if (whole || crlf || empty || textOption(args, "wait") !== null) {
      throw usage("options for what is sent need --to or --reply");
    }
    return { input: "none", hex, crlf, empty };
  }
  if (whole && (crlf || empty)) throw usage("--whole excludes --crlf and --empty, which are about lines");
  if (hex && crlf) throw usage("--hex and --crlf exclude each other");
  return { input: whole ? "whole" : "lines", hex, crlf, empty };
}

function readConnected(args: ParsedArguments): ConnectedPlan {
  const [text, ...extra] = args.positionals;
  if (text === undefined || extra.length > 0) {
    throw usage("give exactly one HOST:PORT, or --listen [ADDRESS:]PORT");
  }
  for (const name of ["join", "interface", "broadcast", "to", "reply"]) {
    if (args.values.has(name)) throw usage(`--${name} needs --listen`);
  }
  const to = toDestination(text);
  switch (classOf(to)) {
    case "multicast":
      throw usage("a group takes --listen 0.0.0.0:PORT, with --join to hear it and --to to send to it");
    case "broadcast":
      throw usage("every device of a network is reached by --listen 0.0.0.0:0 --broadcast --to");
    default:
      return { kind: "connected", to };
  }
}

function readBound(args: ParsedArguments, listen: string): BoundPlan {
  if (args.positionals.length > 0) throw usage("HOST:PORT and --listen exclude each other; --to says where input goes");
  const local = parseDestination(toListenText(listen));
  if (local.scheme !== "listen+udp") throw usage(`${local.scheme}:// is not for this command`);
  if (local.host.address === null) {
    throw usage("the address is an IP address of this machine, such as 127.0.0.1 or 0.0.0.0");
  }
  const to = textOption(args, "to");
  const interfaceName = toInterfaceName(textOption(args, "interface") ?? undefined, "--interface");
  const plan: BoundPlan = {
    kind: "bound",
    local,
    joins: listOption(args, "join").map((text) => toJoin(text, interfaceName)),
    interfaceName,
    broadcast: flagOption(args, "broadcast"),
    to: to === null ? null : toDestination(to),
  };
  checkBound(plan, flagOption(args, "reply"));
  return plan;
}

/** What could never work is said here: the system would say it later, and less clearly. */
function checkBound({ local, joins, interfaceName, broadcast, to }: BoundPlan, reply: boolean): void {
  const local6 = local.host.address?.family === 6;
  if (to !== null && reply) throw usage("--to and --reply exclude each other");
  if (joins.length > 0 && classOf(local) !== "unspecified") {
    throw usage(`a group is heard at every address only: --listen ${local6 ? "[::]" : "0.0.0.0"}:${local.port}`);
  }
  if (interfaceName !== null && joins.length === 0 && (to === null || classOf(to) !== "multicast")) {
    throw usage("--interface is for groups: it needs --join, or a group after --to");
  }
  if (broadcast && to === null) throw usage("--broadcast needs --to");
  if (to === null) return;
  if (classOf(local) === "loopback" && to.host.kind !== "localhost" && classOf(to) !== "loopback") {
    throw usage(
      `${local.host.text} reaches this machine only; --listen ${local6 ? "[::]" : "0.0.0.0"}:PORT reaches others`,
    );
  }
  if (classOf(to) === "broadcast" && !broadcast) {
    throw usage(`${to.host.text} is every device of a network: add --broadcast`);
  }
}

function toDestination(text: string): Destination {
  const destination = parseDestination(text.includes("://") ? text : `udp://${text}`);
  if (destination.scheme !== "udp") throw usage(`${destination.scheme}:// is not for this command`);
  return destination;
}

/** A port alone is one of loopback. */
function toListenText(text: string): string {
  if (text.includes("://")) return text;
  return /^[0-9]+$/.test(text) ? `listen+udp://127.0.0.1:${text}` : `listen+udp://${text}`;
}

function toJoin(text: string, interfaceName: string | null): Membership {
  const [group, sourceAddress, ...extra] = text.split("@");
  if (extra.length > 0) throw usage("--join takes GROUP or GROUP@SOURCE");
  return toMembership(group, {
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(interfaceName !== null && { interface: interfaceName }),
  });
}

function classOf({ host: { address } }: Destination): AddressClass | null {
  return address === null ? null : classifyAddress(address);
}

function toMs(text: string, option: string): number {
  const seconds = /^[0-9.]+$/.test(text) ? Number(text) : NaN;
  if (!(seconds >= 0 && seconds <= MAX_SECONDS)) throw usage(`${option} takes seconds, up to ${MAX_SECONDS}`);
  return seconds === 0 ? 0 : Math.max(1, Math.round(seconds * 1000));
}

/** The error for a command line that means nothing. */
export function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot exchange datagrams: ${what}; see parley udp --help`);
}
