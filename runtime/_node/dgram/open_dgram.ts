/**
 * Opening sockets of `node:dgram`. Every option is an own property (CORE-01). Addresses are literal, and the lookup that the
 * module would make of them is our own, which answers at once: nothing is resolved, and what a runtime throws while it binds
 * (Deno, where its permissions forbid it) is thrown here, not later with nobody to catch it.
 */
import dgram from "node:dgram";
import net from "node:net";
import { classifyAddress, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { BindOptions, DatagramHandlers, DatagramOptions } from "../../../net/datagram_port.ts";
import { addressText, endpointText } from "../tcp_link.ts";
import { openError } from "./datagram_error.ts";
import { checkZone } from "./destination_texts.ts";
import { DgramLink, type DgramTraits } from "./dgram_link.ts";

const createSocket = dgram.createSocket;
const isIP = net.isIP;

/** An address and a port. */
export interface Endpoint {
  /** The address. */
  readonly address: IpAddress;
  /** The port; 0 for any, where one is bound to. */
  readonly port: number;
}

/** How to open a socket, and who is told. */
export interface OpenHow<Options extends DatagramOptions> {
  /** The options. */
  readonly options: Options;
  /** Who is told. */
  readonly handlers: DatagramHandlers;
}

/** A socket to be opened. */
interface Plan {
  readonly at: Endpoint;
  readonly remote: Endpoint | null;
  readonly options: BindOptions;
  readonly handlers: DatagramHandlers;
  readonly doing: string;
}

const NO_BIND_OPTIONS = Object.freeze({ ipv6Only: false, addressSharing: false });
/** The system takes less than this anyway; more does not fit into its number. */
const MAX_BUFFER = 2 ** 30;

/**
 * Opens a socket for one peer.
 *
 * @param target The peer.
 * @param how Options and handlers.
 * @param traits What the runtime makes of `node:dgram`.
 * @throws {ParleyError} with a `NET_` code.
 */
export function connectDgram(
  target: Endpoint,
  how: OpenHow<DatagramOptions>,
  traits: DgramTraits,
): Promise<DgramLink> {
  const doing = `open a socket for ${endpointText(addressText(target.address), target.port)}`;
  const options = { ...how.options, ...NO_BIND_OPTIONS };
  return open({ at: nearEnd(target.address), remote: target, options, handlers: how.handlers, doing }, traits);
}

/**
 * Binds a socket.
 *
 * @param at A local address, and a port.
 * @param how Options and handlers.
 * @param traits What the runtime makes of `node:dgram`.
 * @throws {ParleyError} with a `NET_` code.
 */
export function bindDgram(at: Endpoint, how: OpenHow<BindOptions>, traits: DgramTraits): Promise<DgramLink> {
  const doing = `bind a socket to ${endpointText(addressText(at.address), at.port)}`;
  return open({ ...how, at, remote: null, doing }, traits);
}

/**
 * The local end for a peer: for one on this machine an address that no other machine can send to, which matters where
 * `connect` filters nothing.
 *
 * @param target The peer.
 */
export function nearEnd(target: IpAddress): Endpoint {
  const inside = classifyAddress(target) === "loopback";
  const text = target.family === 4 ? (inside ? "127.0.0.1" : "0.0.0.0") : inside ? "::1" : "::";
  return { address: parseIpAddress(text) as IpAddress, port: 0 };
}

async function open(plan: Plan, traits: DgramTraits): Promise<DgramLink> {
  const { at, remote, options, handlers, doing } = plan;
  const { family } = at.address;
  checkZone(addressText((remote ?? at).address), traits);
  const socket = createSocket(socketOptions(family, options));
  // An error with nobody to hear it would end the program, whenever it comes.
  socket.on("error", ignore);
  try {
    await bound(socket, at);
    if (options.broadcast) socket.setBroadcast(true);
    if (traits.sizesBuffers) setSizes(socket, options);
    if (remote !== null && traits.connects) await connected(socket, remote);
    return new DgramLink(socket, {
      family,
      remote: remote === null ? null : { address: addressText(remote.address), port: remote.port },
      zone: (remote ?? at).address.zone,
      broadcast: options.broadcast,
      handlers,
      traits,
    });
  } catch (error) {
    discard(socket);
    throw openError(error, { doing, translate: traits.translate });
  }
}

function bound(socket: dgram.Socket, { address, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("listening", () => {
      socket.off("error", reject);
      resolve();
    });
    socket.bind(bindOptions(addressText(address), port));
  });
}

function connected(socket: dgram.Socket, { address, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.connect(port, addressText(address), (error?: Error) => error ? reject(error) : resolve());
  });
}

function setSizes(socket: dgram.Socket, { sendBufferSize, receiveBufferSize }: DatagramOptions): void {
  if (sendBufferSize !== null) socket.setSendBufferSize(Math.min(sendBufferSize, MAX_BUFFER));
  if (receiveBufferSize !== null) socket.setRecvBufferSize(Math.min(receiveBufferSize, MAX_BUFFER));
}

/** Own properties all, and nothing inherited: a `signal` or `lookup` from Object.prototype would make another socket of it. */
function socketOptions(family: 4 | 6, { addressSharing, ipv6Only }: BindOptions): dgram.SocketOptions {
  const options: dgram.SocketOptions & { readonly __proto__: null } & Record<string, unknown> = {
    __proto__: null,
    type: family === 4 ? "udp4" : "udp6",
    reuseAddr: addressSharing,
    ipv6Only,
    lookup: literal,
    reusePort: undefined,
    recvBufferSize: undefined,
    sendBufferSize: undefined,
    receiveBlockList: undefined,
    sendBlockList: undefined,
    signal: undefined,
  };
  return options;
}

/** `exclusive`, or a cluster's processes would share the socket. */
function bindOptions(address: string, port: number): dgram.BindOptions {
  const options: dgram.BindOptions & Record<string, unknown> & { readonly __proto__: null } = {
    __proto__: null,
    address,
    port,
    exclusive: true,
    fd: undefined,
    recvStart: undefined,
  };
  return options;
}

/** Takes literal addresses only. The runtimes call it with the family, or options, before the callback. */
function literal(
  address: string,
  _family: unknown,
  callback: (error: Error | null, address: string, family: number) => void,
): void {
  const family = isIP(address);
  const error = family === 0 ? new ParleyError("NET_DNS", `Cannot use ${address}: names are not looked up here`) : null;
  callback(error, address, family);
}

function discard(socket: dgram.Socket): void {
  try {
    socket.close();
  } catch {
    // Was never open.
  }
}

function ignore(): void {}
