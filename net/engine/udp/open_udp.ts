/**
 * From a Grant to a datagram socket with one peer: look up, vet, connect to a vetted address. No packet leaves before the
 * Grant exists (NET-08), none to an address that it does not cover, and none to every machine of a network (RS-07).
 */
import { abortError } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import { withinJudging } from "../../late_refusal.ts";
import type { DatagramAddress, DatagramLink, MulticastSendOptions } from "../../datagram_port.ts";
import type { DnsQueryType } from "../../port.ts";
import type { EngineHost } from "../engine_host.ts";
import { Counters } from "../inventory.ts";
import { resolveTarget } from "../resolve_target.ts";
import { isBroadcastAddress } from "./broadcast_addresses.ts";
import { ConnectedSender } from "./connected_sender.ts";
import { DatagramQueue } from "./datagram_queue.ts";
import { withDeadline } from "./deadline.ts";
import { ErrorReports } from "./error_reports.ts";
import { ConnectedInbox } from "./inbox.ts";
import { addressText } from "./peer.ts";
import { SendBacklog } from "./send_backlog.ts";
import { Transmitter } from "./transmitter.ts";
import { toConnectedDatagram, type UdpMessage } from "./udp_message.ts";
import type { UdpOptions } from "./udp_options.ts";
import { UdpSocket } from "./udp_socket.ts";
import { UnansweredLimit } from "./unanswered_limit.ts";

/** How to open a socket with one peer. */
export interface OpenUdpOptions extends UdpOptions {
  /** Which family to look up; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Milliseconds for the lookup. */
  readonly connectTimeoutMs: number;
  /** How datagrams to a group are sent; the system's way, one hop and heard on this machine too, by default. */
  readonly multicast?: MulticastSendOptions | null;
  /** Fires when the destination must have been judged (NET-17); null, the default, for never. */
  readonly judging?: AbortSignal | null;
}

const { hasOwn } = Object;

/** A socket with one peer. */
export type ConnectedUdp = UdpSocket<UdpMessage>;

/**
 * Opens a socket to the grant's destination.
 *
 * @param host Network and time.
 * @param grant The approval; it is spent here.
 * @param options How.
 * @throws {ParleyError} with a `NET_` or `PERM_` code, or `RUNTIME_UNSUPPORTED`. Nothing stays open.
 */
export async function openUdp(host: EngineHost, grant: Grant, options: OpenUdpOptions): Promise<ConnectedUdp> {
  grant.spend();
  const life = AbortSignal.any([options.signal, grant.signal]);
  const { dnsQueryType, connectTimeoutMs: timeoutMs } = options;
  const judging = hasOwn(options, "judging") ? options.judging ?? null : null;
  return await withDeadline({ clock: host.clock, signal: life, timeoutMs }, async (signal) => {
    const addresses = await withinJudging(
      { signal, judging },
      (either) => resolveTarget(host, grant, { dnsQueryType, signal: either, judgesFarEnd: false }),
    );
    for (const address of addresses) refuseBroadcast(host, address);
    let lastError: unknown = null;
    for (const address of addresses) {
      signal.throwIfAborted();
      try {
        const socket = await openTo(host, grant, { address, options, signal: life });
        if (life.aborted) throw abortError(life.reason);
        grant.markConnected();
        return socket;
      } catch (error) {
        lastError = error;
      }
    }
    throw lastError;
  });
}

/**
 * Refuses an address that reaches every machine of a network: a socket with one peer has one.
 *
 * @param host The network.
 * @param address The address.
 * @throws {ParleyError} `PERM_ADDRESS`.
 */
function refuseBroadcast({ net }: EngineHost, address: IpAddress): void {
  if (!isBroadcastAddress(address, net.interfaces())) return;
  throw new ParleyError("PERM_ADDRESS", `Cannot connect to ${address.text}: it is a broadcast address`);
}

async function openTo(
  host: EngineHost,
  grant: Grant,
  how: { readonly address: IpAddress; readonly options: OpenUdpOptions; readonly signal: AbortSignal },
): Promise<ConnectedUdp> {
  const { address, options, signal } = how;
  const { port } = grant.destination;
  if (!grant.covers(address, port)) {
    throw new ParleyError("PERM_ADDRESS", "Cannot connect: the address is not covered by the permission");
  }
  const peer: DatagramAddress = Object.freeze({ address: addressText(address), port });
  const counters = new Counters();
  const queue = new DatagramQueue<UdpMessage>(options.queue, counters);
  const reports = new ErrorReports((error) => options.onError(error));
  // A group answers nothing (NET-27).
  const isGroup = grant.descriptor.name === "direct-sockets-multicast";
  const limit = isGroup ? null : new UnansweredLimit(host.clock, new SendBacklog());
  const { sendBufferSize, receiveBufferSize, copyWrites: copy, toFaceError } = options;
  const link = await host.net.connectDatagram(grant, { address, port }, {
    options: { sendBufferSize, receiveBufferSize, broadcast: false },
    handlers: new ConnectedInbox({ queue, counters, reports, peer, onAnswer: () => limit?.lift() }),
  });
  if (isGroup && hasOwn(options, "multicast")) setMulticast(link, options.multicast ?? null);
  return new UdpSocket<UdpMessage>({
    kind: "udp",
    link,
    remote: peer,
    grant,
    host,
    queue,
    sender: new ConnectedSender({ transmitter: new Transmitter({ link, counters, reports }), peer, limit }),
    counters,
    reports,
    signal,
    toDatagram: (chunk) => toConnectedDatagram(chunk, { copy }),
    toFaceError: (error) => toFaceError(error),
  });
}

function setMulticast(link: DatagramLink, multicast: MulticastSendOptions | null): void {
  if (multicast === null) return;
  try {
    link.setMulticast(multicast);
  } catch (error) {
    link.close();
    throw error;
  }
}
