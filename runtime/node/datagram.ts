/** UDP on Node 24, through `node:dgram`. */
import type { DatagramBackend } from "../../net/datagram_port.ts";
import type { DgramTraits } from "../_node/dgram/dgram_link.ts";
import { bindDgram, connectDgram } from "../_node/dgram/open_dgram.ts";
import { interfaceAddresses } from "../_node/interfaces.ts";
import { nodeNetError } from "./errors.ts";

const TRAITS: DgramTraits = Object.freeze<DgramTraits>({
  translate: nodeNetError,
  connects: true,
  sizesBuffers: true,
  reportsTwice: false,
  multicastTtlZero: true,
  ipv6Groups: true,
  mapsIpv4: true,
  losesZones: true,
  interfaces: interfaceAddresses,
});

/** The datagram part of the back end. */
export const nodeDatagrams: DatagramBackend = Object.freeze<DatagramBackend>({
  connectDatagram: (_grant, target, how) => connectDgram(target, how, TRAITS),
  bindDatagram: (_grant, at, how) => bindDgram(at, how, TRAITS),
  interfaces: interfaceAddresses,
});
