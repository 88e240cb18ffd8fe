/**
 * UDP on Bun 1.4, through `Bun.udpSocket`; through `node:dgram` where that lacks something: sharing an address, IPv6 only,
 * sizes of buffers, and broadcasts of connected sockets. Neither can send to groups with a time to live of 0.
 */
import type { BindOptions, DatagramBackend, DatagramLink, DatagramOptions } from "../../net/datagram_port.ts";
import { openError } from "../_node/dgram/datagram_error.ts";
import { checkZone } from "../_node/dgram/destination_texts.ts";
import type { DgramTraits } from "../_node/dgram/dgram_link.ts";
import { bindDgram, connectDgram, type Endpoint, nearEnd, type OpenHow } from "../_node/dgram/open_dgram.ts";
import { interfaceAddresses } from "../_node/interfaces.ts";
import { addressText, endpointText } from "../_node/tcp_link.ts";
import { BunDatagramLink, type BunDatagramLinkOptions, udpHandlers } from "./datagram_link.ts";
import { bunNetError } from "./errors.ts";
import type { BunUdpGlobal, BunUdpSocket } from "./types.ts";

/** Taken at load, so that code loaded later cannot replace it (CORE-01). */
const bun = (globalThis as unknown as { readonly Bun: BunUdpGlobal }).Bun;
const udpSocket = bun.udpSocket.bind(bun);

const TRAITS: DgramTraits = Object.freeze<DgramTraits>({
  translate: bunNetError,
  connects: true,
  sizesBuffers: true,
  reportsTwice: true,
  multicastTtlZero: false,
  ipv6Groups: true,
  mapsIpv4: true,
  losesZones: true,
  interfaces: interfaceAddresses,
});

/** The datagram part of the back end. */
export const bunDatagrams: DatagramBackend = Object.freeze<DatagramBackend>({
  connectDatagram: (_grant, target, how) =>
    how.options.broadcast || sized(how.options) ? connectDgram(target, how, TRAITS) : connect(target, how),
  bindDatagram: (_grant, at, how) =>
    how.options.addressSharing || how.options.ipv6Only || sized(how.options)
      ? bindDgram(at, how, TRAITS)
      : bind(at, how),
  interfaces: interfaceAddresses,
});

function sized({ sendBufferSize, receiveBufferSize }: DatagramOptions): boolean {
  return sendBufferSize !== null || receiveBufferSize !== null;
}

function connect(target: Endpoint, { handlers }: OpenHow<DatagramOptions>): Promise<DatagramLink> {
  const { address, port } = target;
  const remote = { address: addressText(address), port };
  return open({
    at: nearEnd(address),
    broadcast: false,
    doing: `open a socket for ${endpointText(remote.address, port)}`,
    link: { family: address.family, remote, zone: address.zone, handlers, traits: TRAITS },
  });
}

function bind(at: Endpoint, { options, handlers }: OpenHow<BindOptions>): Promise<DatagramLink> {
  const { address, port } = at;
  return open({
    at,
    broadcast: options.broadcast,
    doing: `bind a socket to ${endpointText(addressText(address), port)}`,
    link: { family: address.family, remote: null, zone: address.zone, handlers, traits: TRAITS },
  });
}

/** A socket to be opened. */
interface Plan {
  readonly at: Endpoint;
  readonly broadcast: boolean;
  readonly doing: string;
  readonly link: BunDatagramLinkOptions;
}

async function open({ at, broadcast, doing, link: options }: Plan): Promise<DatagramLink> {
  let link: BunDatagramLink | null = null;
  let socket: BunUdpSocket | null = null;
  const hostname = addressText(at.address);
  try {
    checkZone(options.remote?.address ?? hostname, options.traits);
    socket = await udpSocket({
      hostname,
      port: at.port,
      connect: options.remote === null ? undefined : { hostname: options.remote.address, port: options.remote.port },
      binaryType: "uint8array",
      fd: undefined,
      flags: undefined,
      socket: udpHandlers(() => link),
    });
    if (broadcast) socket.setBroadcast(true);
    link = new BunDatagramLink(socket, options);
    return link;
  } catch (error) {
    socket?.close();
    throw openError(error, { doing, translate: bunNetError });
  }
}
