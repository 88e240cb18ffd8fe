/** Datagram sockets whose arrivals, failures and delays a test makes by hand, and a network that gives them out. */
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type {
  BindOptions,
  DatagramAddress,
  DatagramHandlers,
  DatagramLink,
  DatagramOptions,
  InterfaceAddress,
  Membership,
  MulticastSendOptions,
} from "../../net/datagram_port.ts";
import type { SocketAddress } from "../../net/port.ts";
import type { Grant } from "../../permissions/grant.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";

/** How a {@linkcode FakeDatagramLink} was asked for. */
export interface FakeDatagramInit {
  /** The peer, or the address bound to. */
  readonly at: { readonly address: IpAddress; readonly port: number };
  /** With which options. */
  readonly options: DatagramOptions | BindOptions;
  /** Who is told. */
  readonly handlers: DatagramHandlers;
  /** This end. */
  readonly local: SocketAddress;
}

/** A datagram socket in a test's hands. */
export class FakeDatagramLink implements DatagramLink {
  readonly local: SocketAddress;
  readonly sendBufferSize: number | null;
  readonly receiveBufferSize: number | null;
  /** How it was asked for. */
  readonly init: FakeDatagramInit;
  /** What was sent, as `ADDRESS:PORT` and the size. */
  readonly sent: { readonly to: string; readonly bytes: Uint8Array }[] = [];
  /** Errors that the next sends are refused with, one each. */
  readonly refusals: ParleyError[] = [];
  /** Sends wait for `release` while this is true. */
  isBlocked = false;
  /** What was joined. */
  readonly memberships: Membership[] = [];
  /** What the next `join` or `leave` throws. */
  groupError: ParleyError | null = null;
  /** How groups are sent to, once set. */
  multicast: MulticastSendOptions | null = null;
  /** Whether it was closed. */
  closed = false;
  #blocked: PromiseWithResolvers<void>[] = [];

  /** @param init How it was asked for. */
  constructor(init: FakeDatagramInit) {
    this.init = init;
    this.local = init.local;
    this.sendBufferSize = init.options.sendBufferSize;
    this.receiveBufferSize = init.options.receiveBufferSize;
  }

  /** A datagram arrives. */
  arrive(data: string | Uint8Array<ArrayBuffer>, from: DatagramAddress, options: { truncated?: boolean } = {}): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.init.handlers.datagram(bytes, from, options.truncated === true);
  }

  /** The system reports an error. */
  report(error: ParleyError): void {
    this.init.handlers.error(error);
  }

  /** What was sent, in short: `9.9.9.9:53 3`. */
  get log(): readonly string[] {
    return this.sent.map(({ to, bytes }) => `${to} ${bytes.byteLength}`);
  }

  /** Lets waiting sends go. */
  release(): void {
    this.isBlocked = false;
    for (const { resolve } of this.#blocked.splice(0)) resolve();
  }

  /** See {@linkcode DatagramLink.send}. */
  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> | undefined {
    if (this.closed) return Promise.reject(new ParleyError("NET_CLOSED", "Cannot send: the socket is closed"));
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.sent.push({ to: `${to.address}:${to.port}`, bytes: bytes.slice() });
    if (!this.isBlocked) return undefined;
    const waiting = Promise.withResolvers<void>();
    this.#blocked.push(waiting);
    return waiting.promise;
  }

  /** See {@linkcode DatagramLink.join}. */
  join(membership: Membership): void {
    this.#throwGroupError();
    this.memberships.push(membership);
  }

  /** See {@linkcode DatagramLink.leave}. */
  leave(membership: Membership): void {
    this.#throwGroupError();
    this.memberships.splice(this.memberships.indexOf(membership), 1);
  }

  /** See {@linkcode DatagramLink.setMulticast}. */
  setMulticast(options: MulticastSendOptions): void {
    this.#throwGroupError();
    this.multicast = options;
  }

  /** See {@linkcode DatagramLink.close}. */
  close(): void {
    this.closed = true;
    for (const { reject } of this.#blocked.splice(0)) {
      reject(new ParleyError("NET_CLOSED", "Cannot send: the socket is closed"));
    }
  }

  #throwGroupError(): void {
    const error = this.groupError;
    this.groupError = null;
    if (error !== null) throw error;
  }
}

/** A network whose datagram sockets are in a test's hands. Names are those of the memory network. */
export class FakeDatagramNetwork extends MemoryNetwork {
  /** The sockets, in the order of opening. */
  readonly links: FakeDatagramLink[] = [];
  /** What the next openings are refused with, one each. */
  readonly refusals: ParleyError[] = [];
  /** What `interfaces` gives. */
  ownAddresses: readonly InterfaceAddress[] | null = [];
  /** Whether names can be looked up. */
  resolves = true;
  /** Called while a socket is being opened. */
  onOpen: () => void = () => {};

  /** The latest socket. */
  get link(): FakeDatagramLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new TypeError("No socket was opened");
    return link;
  }

  override canResolve(): Promise<boolean> {
    return Promise.resolve(this.resolves);
  }

  override connectDatagram(
    _grant: Grant,
    target: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: DatagramOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    return this.#open({ at: target, local: { address: "192.168.1.2", port: 40_000 }, ...how });
  }

  override bindDatagram(
    _grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: BindOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    return this.#open({ at, local: { address: at.address.text, port: at.port === 0 ? 40_000 : at.port }, ...how });
  }

  override interfaces(): readonly InterfaceAddress[] {
    return this.ownAddresses as readonly InterfaceAddress[];
  }

  async #open(init: FakeDatagramInit): Promise<DatagramLink> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const link = new FakeDatagramLink(init);
    this.links.push(link);
    this.onOpen();
    return link;
  }
}

/** An address of this machine. */
export function interfaceAddress(text: string, prefixLength: number): InterfaceAddress {
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError(`"${text}" is not an IP address`);
  return { name: "eth0", address, prefixLength };
}
