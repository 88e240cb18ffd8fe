/** What `opened` of a `UDPSocket` resolves with (DS-49), and the messages of its streams (DS-43 to DS-46, DS-50). */
import type { BoundUdp } from "../../engine/udp/bound_udp.ts";
import type { ConnectedUdp } from "../../engine/udp/open_udp.ts";
import type { DnsQueryType } from "../../port.ts";
import type { MulticastController } from "./multicast_controller.ts";
import type { OpenSocket } from "./socket_state.ts";

/** A datagram that was received. In connected mode it has `data` alone. */
export interface ReceivedUDPMessage {
  /** Its bytes, the program's own. */
  data: Uint8Array<ArrayBuffer>;
  /** Bound mode: IP address of the sender, never a name. */
  remoteAddress?: string;
  /** Bound mode: port of the sender. */
  remotePort?: number;
}

/** A datagram to be sent. In connected mode it has `data` alone; in bound mode it says where it goes. */
export interface UDPMessage {
  /** Its bytes, at most 65,507; may be empty. What stands in them when it is written is sent. */
  readonly data: BufferSource;
  /** Bound mode: host name or IP address. The operator is asked about each destination that is new to the socket. */
  readonly remoteAddress?: string;
  /** Bound mode: port. */
  readonly remotePort?: number;
  /** Bound mode: takes the name's IPv4 or IPv6 address only. */
  readonly dnsQueryType?: DnsQueryType;
}

/** What `opened` resolves with. */
export interface UDPSocketOpenInfo {
  /** Datagrams from outside. Not a byte stream: each chunk is one of them. */
  readable: ReadableStream<ReceivedUDPMessage>;
  /** Datagrams to be sent. A write settles when the system has taken it; one that fails ends the stream. */
  writable: WritableStream<UDPMessage>;
  /** Connected mode: IP address of the peer, never a name. */
  remoteAddress?: string;
  /** Connected mode: port of the peer. */
  remotePort?: number;
  /** IP address of this end. */
  localAddress: string;
  /** Port of this end. */
  localPort: number;
  /** Bound mode, where the policy allows groups: joins and leaves them. */
  multicastController?: MulticastController;
}

/**
 * A socket with one peer as an open socket.
 *
 * @param socket The socket.
 */
export function openConnectedUdp(socket: ConnectedUdp): OpenSocket<UDPSocketOpenInfo> {
  const { readable, writable, remote, local } = socket;
  // Members in the order in which Web IDL defines them on a dictionary's object: by name.
  const info: UDPSocketOpenInfo = {
    localAddress: local.address,
    localPort: local.port,
    readable,
    ...(remote === null ? {} : { remoteAddress: remote.address, remotePort: remote.port }),
    writable,
  };
  return { info, core: socket };
}

/**
 * A bound socket as an open socket.
 *
 * @param socket The socket.
 * @param multicastController What joins groups, or null where nothing may.
 */
export function openBoundUdp(
  socket: BoundUdp,
  multicastController: MulticastController | null,
): OpenSocket<UDPSocketOpenInfo> {
  const { readable, writable, local } = socket;
  const info: UDPSocketOpenInfo = {
    localAddress: local.address,
    localPort: local.port,
    ...(multicastController === null ? {} : { multicastController }),
    readable,
    writable,
  };
  return { info, core: socket };
}
