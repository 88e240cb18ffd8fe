/** Datagram sockets of the engine on a network in a test's hands, with the decisions scripted. */
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { createEngineHost, type EngineHost } from "../../net/engine/engine_host.ts";
import { bindUdp, type BindUdpOptions } from "../../net/engine/udp/bind_udp.ts";
import type { BoundUdp } from "../../net/engine/udp/bound_udp.ts";
import { DEFAULT_QUEUE_LIMITS } from "../../net/engine/udp/datagram_queue.ts";
import { type ConnectedUdp, openUdp, type OpenUdpOptions } from "../../net/engine/udp/open_udp.ts";
import type { OutgoingDatagram } from "../../net/engine/udp/udp_message.ts";
import { formatDestination } from "../../core/destination.ts";
import type { Descriptor } from "../../permissions/descriptor.ts";
import { type Grant, mintGrant } from "../../permissions/grant.ts";
import { NO_TERMS } from "../../permissions/policy.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import type { DatagramAddress } from "../../net/datagram_port.ts";
import { type FakeDatagramLink, FakeDatagramNetwork } from "./fake_datagrams.ts";
import { testGrant, type TestGrantOptions } from "./test_grant.ts";

/** The usual peer. */
export const PEER: DatagramAddress = Object.freeze({ address: "9.9.9.9", port: 53 });

/** What surrounds a socket. */
export interface UdpFixture {
  readonly network: FakeDatagramNetwork;
  readonly clock: ManualClock;
  readonly host: EngineHost;
  /** Errors that ended nothing. */
  readonly errors: ParleyError[];
}

/** A socket with one peer. */
export interface ConnectedFixture extends UdpFixture {
  readonly socket: ConnectedUdp;
  readonly link: FakeDatagramLink;
}

/** A bound socket. */
export interface BoundFixture extends UdpFixture {
  readonly socket: BoundUdp;
  readonly link: FakeDatagramLink;
  /** What was asked for, in short. */
  readonly questions: string[];
  /** Destinations that were opened, and those that failed. */
  readonly reports: string[];
}

/** Surroundings without a socket. */
export function udpFixture(): UdpFixture {
  const network = new FakeDatagramNetwork();
  const clock = new ManualClock();
  return { network, clock, host: createEngineHost(network, clock), errors: [] };
}

/** Options with nothing special in them. */
export function udpOptions(errors: ParleyError[]): OpenUdpOptions {
  return {
    signal: new AbortController().signal,
    sendBufferSize: null,
    receiveBufferSize: null,
    queue: DEFAULT_QUEUE_LIMITS,
    copyWrites: false,
    dnsQueryType: null,
    connectTimeoutMs: 1000,
    onError: (error) => void errors.push(error),
    toFaceError: (error) => error,
  };
}

/** Options to bind with nothing special in them; nobody approves anything. */
export function bindOptions(errors: ParleyError[]): BindUdpOptions {
  return {
    ...udpOptions(errors),
    ipv6Only: false,
    broadcast: false,
    addressSharing: false,
    multicast: null,
    approve: refused,
    destinationOpened: () => {},
    destinationFailed: () => {},
    isGivenUp: () => false,
  };
}

/** Opens a socket with {@linkcode PEER}, or whom the grant names. */
export async function connectedUdp(
  options: Partial<OpenUdpOptions> = {},
  grant: TestGrantOptions = {},
): Promise<ConnectedFixture> {
  const fixture = udpFixture();
  const approval = testGrant({ scheme: "udp", host: PEER.address, port: PEER.port, ...grant });
  const socket = await openUdp(fixture.host, approval, { ...udpOptions(fixture.errors), ...options });
  return { ...fixture, socket, link: fixture.network.link };
}

/** How a bound socket is to be. */
export interface BoundFixtureOptions extends Partial<BindUdpOptions> {
  /** Its own approval; `listen+udp://0.0.0.0:5000` by default. */
  readonly grant?: TestGrantOptions;
  /** Answers a request; approved by default. */
  readonly answer?: (descriptor: Descriptor) => Promise<AbortSignal | void> | AbortSignal | void;
  /** The network and what is around it, if there is one already. */
  readonly fixture?: UdpFixture;
}

/** Binds a socket. */
export async function boundUdp(given: BoundFixtureOptions = {}): Promise<BoundFixture> {
  const { grant = {}, answer = () => {}, fixture = udpFixture(), ...options } = given;
  const questions: string[] = [];
  const reports: string[] = [];
  const approval = testGrant({ scheme: "listen+udp", host: "0.0.0.0", port: 5000, ...grant });
  const socket = await bindUdp(fixture.host, approval, {
    ...bindOptions(fixture.errors),
    approve: async (descriptor) => {
      questions.push(shown(descriptor));
      return grantFor(descriptor, await answer(descriptor) ?? new AbortController().signal);
    },
    destinationOpened: (approved, address) =>
      void reports.push(`${formatDestination(approved.destination)} ${address}`),
    destinationFailed: (approved, error) =>
      void reports.push(`${formatDestination(approved.destination)} ${(error as ParleyError).code}`),
    ...options,
  });
  return { ...fixture, socket, link: fixture.network.link, questions, reports };
}

/** A datagram to a destination. */
export function datagram(
  data: string | number,
  to: { readonly address: string; readonly port: number } | null = null,
  dnsQueryType: OutgoingDatagram["dnsQueryType"] = null,
): OutgoingDatagram {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  return { bytes, remoteAddress: to?.address ?? null, remotePort: to?.port ?? 0, dnsQueryType };
}

/** Refuses, as the broker does. */
export function refused(): never {
  throw new ParleyError("PERM_DENIED", "Cannot connect: refused");
}

/** Whether a promise has settled by now. */
export async function hasSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  Promise.resolve(promise).then(note, note);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return settled;
}

function shown(descriptor: Descriptor): string {
  const { name, destination } = descriptor;
  const more = name === "direct-sockets" && descriptor.broadcast
    ? " broadcast"
    : name === "direct-sockets-multicast" && descriptor.source !== null
    ? ` from ${descriptor.source}`
    : "";
  return `${name} ${destination === null ? "?" : formatDestination(destination)}${more}`;
}

function grantFor(descriptor: Descriptor, signal: AbortSignal): Grant {
  const { destination } = descriptor;
  if (destination === null) throw new TypeError("The request has no destination");
  const requester = mainRequester("file:///test/main.ts", 1);
  return mintGrant({
    requester,
    descriptor,
    destination,
    lifetime: "once",
    source: "test",
    terms: NO_TERMS,
    signal,
    connected: () => {},
  });
}
