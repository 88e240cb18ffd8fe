/** What `connect()` of `net.Socket` takes, read into what `openTCPSocket` takes. */
import { member } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";

/** Where and how a program wants to connect. Members are absent where the program said nothing. */
export interface ConnectOptions {
  /** Port, 1 to 65535. */
  readonly port: number | string;
  /** Host name or IP address. Default `localhost`. */
  readonly host?: string | undefined;
  /** 4 or 6 looks up addresses of that family only; 0 is both, the default. */
  readonly family?: number | string | undefined;
  /** Sends small writes at once (TCP_NODELAY). */
  readonly noDelay?: boolean | undefined;
  /** Probes an idle connection. */
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first probe. */
  readonly keepAliveInitialDelay?: number | undefined;
}

/** The arguments after conversion. */
export interface ConnectRequest {
  /** Host name or IP address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Which family to look up. */
  readonly dnsQueryType: "ipv4" | "ipv6" | undefined;
  /** TCP_NODELAY, if the program said so. */
  readonly noDelay: boolean | undefined;
  /** Keep-alive, if the program said so. */
  readonly keepAlive: boolean | undefined;
  /** Milliseconds, or 0 for the default. */
  readonly keepAliveDelayMs: number;
  /** Called once connected. */
  readonly onConnect: (() => void) | null;
}

/** What would send the bytes elsewhere, or from elsewhere, than Parley can: ignoring it would be a lie. */
const UNSUPPORTED: readonly string[] = ["path", "socketPath", "localAddress", "localPort", "lookup"];

/**
 * Reads `(port, host?, callback?)` or `(options, callback?)`.
 *
 * @param args The arguments as the program gave them.
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` for a Unix socket's path, a local address and a `lookup` of the program's own.
 * @throws {TypeError} for a missing port and values of a wrong type.
 * @throws {RangeError} for a port out of range.
 */
export function readConnectArguments(args: readonly unknown[]): ConnectRequest {
  const options = toOptions(args);
  for (const name of UNSUPPORTED) {
    if (isGiven(member(options, name))) {
      throw new ParleyError("RUNTIME_UNSUPPORTED", `Cannot connect: ${name} is not supported`);
    }
  }
  const last = args.at(-1);
  return Object.freeze({
    host: toHost(member(options, "host")),
    port: toPort(member(options, "port")),
    dnsQueryType: toQueryType(member(options, "family")),
    noDelay: toOptionalBoolean(member(options, "noDelay")),
    keepAlive: toOptionalBoolean(member(options, "keepAlive")),
    keepAliveDelayMs: toDelay(member(options, "keepAliveInitialDelay")),
    onConnect: typeof last === "function" ? last as () => void : null,
  });
}

/**
 * A delay before keep-alive probes as `openTCPSocket` takes it: at least a second.
 *
 * @param value Milliseconds; anything but a positive number means the default.
 * @returns Milliseconds, or 0 for the default.
 */
export function toDelay(value: unknown): number {
  return typeof value === "number" && value > 0 && value < Infinity ? Math.max(1000, Math.floor(value)) : 0;
}

function toOptions(args: readonly unknown[]): object {
  const [first, second] = args;
  if (typeof first === "object" && first !== null) return first;
  const host = typeof second === "string" ? second : undefined;
  // A text that is no number is a path, as for net.Socket.
  const isPath = typeof first === "string" && !(Number(first) >= 0);
  return isPath ? { path: first } : { port: typeof first === "function" ? undefined : first, host };
}

/** Agents and clients write `localAddress: undefined`, `path: null` or `localPort: 0` for nothing. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0;
}

function toHost(value: unknown): string {
  if (value === undefined || value === null || value === "") return "localhost";
  if (typeof value !== "string") throw new TypeError("Cannot connect: host is not a string");
  return value;
}

function toPort(value: unknown): number {
  if (value === undefined || value === null || value === "") throw new TypeError("Cannot connect: port is missing");
  if (typeof value !== "number" && typeof value !== "string") {
    throw new TypeError("Cannot connect: port is not a number");
  }
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError("Cannot connect: port is not a number from 1 to 65535");
  }
  return port;
}

function toQueryType(value: unknown): "ipv4" | "ipv6" | undefined {
  if (value === 4 || value === "IPv4") return "ipv4";
  return value === 6 || value === "IPv6" ? "ipv6" : undefined;
}

function toOptionalBoolean(value: unknown): boolean | undefined {
  return value === undefined || value === null ? undefined : Boolean(value);
}
