/** What the datagram suites work with: sockets that are closed after the test, each with an inbox. */
import assert from "node:assert/strict";
import { isParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { BindOptions, DatagramLink, DatagramOptions } from "../../net/datagram_port.ts";
import type { NetBackend, NetGaps, SocketAddress } from "../../net/port.ts";
import { testGrant } from "../support/test_grant.ts";
import type { ContractHost, ContractTraits } from "./contract_host.ts";
import { Inbox } from "./inbox.ts";

/** An open socket and what it was told. */
export interface Endpoint {
  /** The socket. */
  readonly link: DatagramLink;
  /** What it was told. */
  readonly inbox: Inbox;
}

/** How a test binds. */
export interface BindPlan extends Partial<BindOptions> {
  /** A local address; 127.0.0.1 by default. */
  readonly address?: string;
  /** A port; 0 by default. */
  readonly port?: number;
}

/** What a test of the suite works with. */
export interface DatagramScene {
  /** The back end. */
  readonly net: NetBackend;
  /** What is special about it. */
  readonly traits: ContractTraits;
  /** Binds a socket. */
  bind(plan?: BindPlan): Promise<Endpoint>;
  /** Opens a socket for a peer. */
  connect(peer: SocketAddress, options?: Partial<DatagramOptions>): Promise<Endpoint>;
}

/** What the parts of the suites are registered with. */
export interface DatagramSuite {
  /** Registers a test. */
  check(
    title: string,
    body: (scene: DatagramScene) => Promise<void> | void,
    options?: { readonly skip?: string | false; readonly timeoutMs?: number },
  ): void;
  /** What the back end is known to lack. */
  readonly gaps: NetGaps;
  /** A host to ask before there is a test. */
  readonly host: ContractHost;
}

/** An address that is known to be one. */
export function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  assert.ok(address !== null, text);
  return address;
}

/** Where a socket can be sent to from this machine. */
export function at({ link }: Endpoint, address: string = link.local.address): SocketAddress {
  return { address, port: link.local.port };
}

/** Why tests of IPv6 cannot run on this machine, or false. */
export function withoutIpv6({ net }: ContractHost): string | false {
  const has = net.interfaces()?.some(({ address }) => address.text === "::1") ?? false;
  return !has && "this machine has no IPv6";
}

/** Whether something throws a ParleyError with a code. */
export function throwsWith(call: () => void, code: string): void {
  assert.throws(call, (error) => {
    assert.ok(isParleyError(error), `not a ParleyError: ${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Runs a test with a scene. */
export async function withDatagrams(
  host: ContractHost,
  body: (scene: DatagramScene) => Promise<void> | void,
): Promise<void> {
  const { net, traits } = host;
  const links: DatagramLink[] = [];
  const keep = async (opening: Promise<DatagramLink>, inbox: Inbox): Promise<Endpoint> => {
    const link = await opening;
    links.push(link);
    return { link, inbox };
  };
  const sizes = { sendBufferSize: null, receiveBufferSize: null, broadcast: false };
  const scene: DatagramScene = {
    net,
    traits,
    bind: ({ address = "127.0.0.1", port = 0, ...options } = {}) => {
      const handlers = new Inbox();
      const all = { ...sizes, ipv6Only: false, addressSharing: false, ...options };
      const grant = testGrant({ scheme: "listen+udp" });
      return keep(net.bindDatagram(grant, { address: ip(address), port }, { options: all, handlers }), handlers);
    },
    connect: ({ address, port }, options = {}) => {
      const handlers = new Inbox();
      const grant = testGrant({ scheme: "udp" });
      const how = { options: { ...sizes, ...options }, handlers };
      return keep(net.connectDatagram(grant, { address: ip(address), port }, how), handlers);
    },
  };
  try {
    await body(scene);
  } finally {
    for (const link of links) link.close();
  }
}
