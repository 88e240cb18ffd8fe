/**
 * UDP on Deno 2.9, through `node:dgram`; Deno's own datagrams exist with `--unstable-net` only.
 *
 * There is no connected socket: `connect` tells the system nothing, so the socket receives from everybody and hears of no ICMP
 * message. Sizes of buffers do not reach the system either, and would cut datagrams off. Deno wants one permission for each
 * destination, and one for the socket's own end: `0.0.0.0:0` or `[::]:0`, for a peer on this machine `127.0.0.1:0` or `[::1]:0`.
 */
import { ParleyError } from "../../core/errors.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { DatagramAddress, DatagramBackend, InterfaceAddress } from "../../net/datagram_port.ts";
import { isBroadcastAddress } from "../_node/dgram/broadcast_address.ts";
import type { DgramTraits } from "../_node/dgram/dgram_link.ts";
import { bindDgram, connectDgram } from "../_node/dgram/open_dgram.ts";
import { nativeCode } from "../_node/errors.ts";
import { interfaceAddresses } from "../_node/interfaces.ts";
import { endpointText } from "../_node/tcp_link.ts";
import { denoNetError } from "./errors.ts";

/** Taken at load, so that code loaded later cannot replace it (CORE-01). */
const permissions = Deno.permissions;
const query = permissions.querySync.bind(permissions);

const INTERFACES = Object.freeze({ name: "sys", kind: "networkInterfaces" } as const);

const TRAITS: DgramTraits = Object.freeze<DgramTraits>({
  translate: denoNetError,
  connects: false,
  sizesBuffers: false,
  reportsTwice: false,
  multicastTtlZero: false,
  ipv6Groups: false,
  mapsIpv4: false,
  losesZones: false,
  interfaces: visibleInterfaces,
  explain,
});

/** The datagram part of the back end. */
export const denoDatagrams: DatagramBackend = Object.freeze<DatagramBackend>({
  connectDatagram: (_grant, target, how) => connectDgram(target, how, TRAITS),
  bindDatagram: (_grant, at, how) => bindDgram(at, how, TRAITS),
  interfaces: visibleInterfaces,
});

/** Null without permission: Deno would ask for it, or throw. */
function visibleInterfaces(): readonly InterfaceAddress[] | null {
  return query(INTERFACES).state === "granted" ? interfaceAddresses() : null;
}

/** `node:dgram` of Deno calls every failure but a datagram that is too long UNKNOWN; this finds out what can be found out. */
function explain(error: unknown, to: DatagramAddress & { readonly broadcast: boolean }): unknown {
  if (nativeCode(error) !== "UNKNOWN") return error;
  const doing = `send to ${endpointText(to.address, to.port)}`;
  if (!mayReach(to)) {
    return new ParleyError("NET_OS_DENIED", `Cannot ${doing}: Deno's permissions do not allow it`, { cause: error });
  }
  if (!to.broadcast && isBroadcastAddress(to.address, visibleInterfaces() ?? [])) {
    return new ParleyError("NET_OS_DENIED", `Cannot ${doing}: broadcasting was not asked for`, { cause: error });
  }
  const state = "the system does not take it, most likely because no route leads there";
  return new ParleyError("NET_UNREACHABLE", `Cannot ${doing}: ${state}`, { cause: error });
}

function mayReach({ address, port }: DatagramAddress): boolean {
  const [plain = address] = address.split("%");
  return query({ name: "net", host: formatHostPort(plain, port) }).state === "granted";
}
