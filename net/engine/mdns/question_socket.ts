/** A socket that puts questions of multicast DNS on one network, and hears neighbours there. */
import { isParleyError } from "../../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import { nearness } from "../../../permissions/vetting.ts";
import type { BindOptions, DatagramHandlers, DatagramLink, InterfaceAddress } from "../../datagram_port.ts";
import type { NetBackend } from "../../port.ts";

/** The port that multicast DNS is asked at, and answers from. */
export const MDNS_PORT: number = 5353;
/** The group, by family. */
export const MDNS_GROUPS: Readonly<Record<4 | 6, string>> = Object.freeze({
  __proto__: null as never,
  4: "224.0.0.251",
  6: "ff02::fb",
});

const OPTIONS: BindOptions = Object.freeze({
  __proto__: null as never,
  sendBufferSize: null,
  receiveBufferSize: null,
  broadcast: false,
  ipv6Only: true,
  addressSharing: false,
});
const IPV4_OPTIONS: BindOptions = Object.freeze({ ...OPTIONS, ipv6Only: false });

/** What a socket is for. */
export interface QuestionSocketInit {
  /** The address that questions leave from; neighbours are those of its network. */
  readonly network: InterfaceAddress;
  /** A neighbour has sent a message. Never throws. */
  received(bytes: Uint8Array): void;
}

/** A socket for questions. */
export interface QuestionSocket {
  /** Sends a message to the group. What cannot be sent is as good as lost. Never throws. */
  send(bytes: Uint8Array): void;
  /** Closes it. Idempotent, never throws. */
  close(): void;
}

/**
 * Opens a socket.
 *
 * @param host The network.
 * @param grant The approval that the questions leave under.
 * @param init What it is for.
 * @throws {ParleyError} with a `NET_` code, or `RUNTIME_UNSUPPORTED`.
 */
export async function openQuestionSocket(
  { net }: { readonly net: NetBackend },
  grant: Grant,
  { network, received }: QuestionSocketInit,
): Promise<QuestionSocket> {
  const { address } = network;
  const handlers: DatagramHandlers = {
    datagram: (bytes, from) => {
      if (from.port === MDNS_PORT && isNeighbour(parseIpAddress(from.address), network)) received(bytes);
    },
    // An ICMP message tells nothing of a group.
    error: () => {},
  };
  const options = address.family === 4 ? IPV4_OPTIONS : OPTIONS;
  const link = await net.bindDatagram(grant, { address, port: 0 }, { options, handlers });
  const to = Object.freeze({ address: MDNS_GROUPS[address.family], port: MDNS_PORT });
  try {
    leaveBy(link, network.name);
  } catch (error) {
    link.close();
    throw error;
  }
  return { send: (bytes) => void link.send(bytes, to)?.catch(() => {}), close: () => link.close() };
}

/** 255 hops show that a message is of this network; one is the most that every runtime can set. */
function leaveBy(link: DatagramLink, interfaceName: string): void {
  const options = { timeToLive: 255, loopback: true, interfaceName };
  try {
    link.setMulticast(options);
  } catch (error) {
    if (!isParleyError(error, "RUNTIME_UNSUPPORTED")) throw error;
    link.setMulticast({ ...options, timeToLive: 1 });
  }
}

function isNeighbour(sender: IpAddress | null, network: InterfaceAddress): boolean {
  return sender !== null && nearness(sender, [network]) !== null;
}
