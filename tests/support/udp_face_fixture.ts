/** What faces with datagram sockets are tried on: a scripted operator, a network in memory, and other machines on it. */
import { ManualClock } from "../../core/manual_clock.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { NetContext } from "../../net/context.ts";
import type { DatagramAddress, DatagramLink } from "../../net/datagram_port.ts";
import { createEngineHost } from "../../net/engine/engine_host.ts";
import type { NetBackend } from "../../net/port.ts";
import type { Answer, Question } from "../../permissions/prompter.ts";
import type { MemoryNetwork } from "../../runtime/memory/net.ts";
import { type BrokerFixture, brokerFixture, REQUESTER } from "./broker_fixture.ts";
import { testGrant } from "./test_grant.ts";

/** A scripted operator, and what a face is made with. */
export interface UdpFaceFixture<Network extends NetBackend> extends BrokerFixture {
  readonly network: Network;
  readonly context: NetContext;
  /** Gives the context to a face. */
  readonly source: () => Promise<NetContext>;
}

/**
 * Makes the surroundings of a face.
 *
 * @param network The network.
 * @param answers What the operator says, in order; then no.
 * @param options Differences of the broker.
 */
export function udpFaceFixture<Network extends NetBackend>(
  network: Network,
  answers: readonly Answer[],
  options: Parameters<typeof brokerFixture>[1] = {},
): UdpFaceFixture<Network> {
  const fixture = brokerFixture(answers, options);
  const { broker, reports, clock } = fixture;
  const report = (line: string): void => void reports.push(line);
  const engine = createEngineHost(network, clock);
  const context: NetContext = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  return { ...fixture, network, context, source: () => Promise.resolve(context) };
}

/** Another machine on a network in memory, which notes what comes. */
export interface Machine {
  readonly link: DatagramLink;
  /** What came: the text, and from where. */
  readonly heard: { readonly text: string; readonly from: DatagramAddress }[];
  /** Sends a text. */
  send(text: string, to: DatagramAddress): void;
}

/** Puts a machine on the network. With `echoes`, it sends back what it gets. */
export async function addMachine(
  network: MemoryNetwork,
  at: DatagramAddress,
  options: { readonly echoes?: boolean } = {},
): Promise<Machine> {
  const heard: { text: string; from: DatagramAddress }[] = [];
  const address = parseIpAddress(at.address);
  if (address === null) throw new TypeError(`"${at.address}" is not an IP address`);
  const link = await network.bindDatagram(testGrant(), { address, port: at.port }, {
    options: { sendBufferSize: null, receiveBufferSize: null, broadcast: true, ipv6Only: false, addressSharing: false },
    handlers: {
      datagram: (bytes, from) => {
        heard.push({ text: new TextDecoder().decode(bytes), from: { ...from } });
        if (options.echoes === true) void link.send(bytes, { ...from });
      },
      error: () => {},
    },
  });
  return { link, heard, send: (text, to) => void link.send(new TextEncoder().encode(text), to) };
}

/** A question in short. */
export function shownQuestion({ descriptor, risk }: Question): string {
  const { name, destination } = descriptor;
  const where = destination === null ? `port ${descriptor.port}` : `${destination.scheme}://${destination.host.text}`;
  return `${name} ${where}:${descriptor.port} ${risk ?? "no risk"}`;
}

/** A manual clock's turns and the network's deliveries, as far as they are due. */
export async function due(clock: ManualClock = new ManualClock()): Promise<void> {
  await clock.advance(0);
}
