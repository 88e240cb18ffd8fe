/** From a Grant to a bound datagram socket (NET-22, NET-27, NET-28). */
import { abortError } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { DatagramLink, MulticastSendOptions } from "../../datagram_port.ts";
import type { EngineHost } from "../engine_host.ts";
import { Counters } from "../inventory.ts";
import { BoundSender } from "./bound_sender.ts";
import { BoundUdp } from "./bound_udp.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { type DestinationEvents, Destinations } from "./destinations.ts";
import { ErrorReports } from "./error_reports.ts";
import { BoundInbox } from "./inbox.ts";
import { MulticastGroups } from "./multicast_groups.ts";
import { PeerBook } from "./peer_book.ts";
import { SendBacklog } from "./send_backlog.ts";
import { Transmitter } from "./transmitter.ts";
import { type AddressedUdpMessage, toAddressedDatagram } from "./udp_message.ts";
import type { UdpOptions } from "./udp_options.ts";

/** How to bind a socket. */
export interface BindUdpOptions extends UdpOptions, DestinationEvents {
  /** Keeps a socket on `::` from taking IPv4 datagrams too. */
  readonly ipv6Only: boolean;
  /** Whether datagrams may go to broadcast addresses, each after a decision of its own. */
  readonly broadcast: boolean;
  /** Lets other sockets bind to the same port, for multicast. */
  readonly addressSharing: boolean;
  /** How datagrams to groups are sent, or null for the system's way: one hop, heard on this machine too. */
  readonly multicast: MulticastSendOptions | null;
}

/** What exists before the socket does, because datagrams may arrive at once. */
interface Parts {
  readonly counters: Counters;
  readonly queue: DatagramQueue<AddressedUdpMessage>;
  readonly reports: ErrorReports;
  readonly backlog: SendBacklog;
  readonly book: PeerBook;
}

/**
 * Binds a socket to the grant's local address and port.
 *
 * @param host Network and time.
 * @param grant The approval, to `listen` or for `udp-peers`; it is spent here.
 * @param options How.
 * @throws {ParleyError} with a `NET_` or `PERM_` code, or `RUNTIME_UNSUPPORTED`. Nothing stays open.
 */
export async function bindUdp(host: EngineHost, grant: Grant, options: BindUdpOptions): Promise<BoundUdp> {
  grant.spend();
  const signal = AbortSignal.any([options.signal, grant.signal]);
  if (signal.aborted) throw abortError(signal.reason);
  const address = localAddress(grant);
  const parts = makeParts(host, grant, options);
  const link = await bindLink(host, grant, { address, options, parts });
  try {
    if (signal.aborted) throw abortError(signal.reason);
    if (options.multicast !== null) link.setMulticast(options.multicast);
  } catch (error) {
    link.close();
    throw error;
  }
  grant.markConnected();
  return makeSocket(host, grant, { link, address, options, parts, signal });
}

function makeParts({ clock }: EngineHost, grant: Grant, options: BindUdpOptions): Parts {
  const counters = new Counters();
  const backlog = new SendBacklog();
  return {
    counters,
    queue: new DatagramQueue<AddressedUdpMessage>(options.queue, counters),
    reports: new ErrorReports((error) => options.onError(error)),
    backlog,
    book: new PeerBook({ clock, backlog, forgets: grant.descriptor.name === "udp-peers" }),
  };
}

function bindLink(
  { net }: EngineHost,
  grant: Grant,
  { address, options, parts }: {
    readonly address: IpAddress;
    readonly options: BindUdpOptions;
    readonly parts: Parts;
  },
): Promise<DatagramLink> {
  const { sendBufferSize, receiveBufferSize, broadcast, ipv6Only, addressSharing } = options;
  const { book } = parts;
  return net.bindDatagram(grant, { address, port: grant.destination.port }, {
    options: { sendBufferSize, receiveBufferSize, broadcast, ipv6Only, addressSharing },
    handlers: new BoundInbox({ ...parts, onHeard: (from, byteLength) => book.heard(from, byteLength) }),
  });
}

function makeSocket(
  host: EngineHost,
  grant: Grant,
  { link, address, options, parts, signal }: {
    readonly link: DatagramLink;
    readonly address: IpAddress;
    readonly options: BindUdpOptions;
    readonly parts: Parts;
    readonly signal: AbortSignal;
  },
): BoundUdp {
  const { counters, queue, reports, backlog, book } = parts;
  const { broadcast, copyWrites: copy, ipv6Only } = options;
  const life = new AbortController();
  const families = familiesOf(address, ipv6Only);
  const destinations = new Destinations({
    host,
    grant,
    book,
    broadcast,
    families,
    signal: life.signal,
    events: options,
  });
  const transmitter = new Transmitter({ link, counters, reports });
  const onRevoked = (error: ParleyError): void => reports.report(error);
  return new BoundUdp({
    kind: "udp-bound",
    link,
    remote: null,
    grant,
    host,
    queue,
    sender: new BoundSender({ transmitter, book, destinations, backlog, life }),
    counters,
    reports,
    signal,
    groups: new MulticastGroups({ link, approvals: destinations.groups, signal: life.signal, onRevoked }),
    toDatagram: (chunk) => toAddressedDatagram(chunk, { copy }),
    toFaceError: (error) => options.toFaceError(error),
  });
}

/** The address to bind to: the approved one. */
function localAddress(grant: Grant): IpAddress {
  const { host } = grant.destination;
  const address = host.kind === "localhost" ? parseIpAddress("127.0.0.1") : host.address;
  if (address !== null) return grant.vet([address])[0] as IpAddress;
  throw new ParleyError("DEST_HOST", `Cannot bind to ${host.text}: it is no address of this machine`);
}

/** A socket on `::` reaches both families unless it is told not to. */
function familiesOf(local: IpAddress, ipv6Only: boolean): readonly (4 | 6)[] {
  if (local.family === 4) return [4];
  return local.text === "::" && !ipv6Only ? [4, 6] : [6];
}
