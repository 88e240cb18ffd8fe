/** Direct Sockets on a network in memory, with a scripted operator, and other machines on the same network. */
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { NetContext } from "../../net/context.ts";
import type { BindOptions, DatagramLink } from "../../net/datagram_port.ts";
import { createEngineHost, type EngineHost } from "../../net/engine/engine_host.ts";
import {
  createDirectSockets,
  type DirectSockets,
  type DirectSocketsPolicy,
} from "../../net/faces/direct_sockets/mod.ts";
import type { NetBackend } from "../../net/port.ts";
import type { Answer, Prompter } from "../../permissions/prompter.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { Inbox } from "../contract/inbox.ts";
import { type BrokerFixture, brokerFixture, REQUESTER } from "./broker_fixture.ts";
import { testGrant } from "./test_grant.ts";

/** A public address, and a name that leads to it. */
export const PUBLIC = "93.184.215.14";
/** The public address's IPv6 companion. */
export const PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c";
/** The name of both. */
export const NAME = "peer.example";

/** What surrounds the classes. */
export interface DirectSocketsPage extends BrokerFixture, DirectSockets {
  readonly network: MemoryNetwork;
  readonly engine: EngineHost;
}

/** What differs from the usual page. */
export interface PageOptions {
  /** What the operator says, in order; then no. */
  readonly script?: readonly Answer[];
  /** Destinations approved at launch. */
  readonly allow?: readonly string[];
  /** What the page's code may use. */
  readonly policy?: DirectSocketsPolicy;
  /** The network in memory. */
  readonly network?: MemoryNetwork;
  /** The back end, where it is not that network. */
  readonly net?: NetBackend;
  /** Who is asked, instead of the script. */
  readonly prompter?: Prompter;
}

/** Makes the classes of a page. */
export function directSocketsPage(options: PageOptions = {}): DirectSocketsPage {
  const { script = [], allow = [], policy, network = new MemoryNetwork(), net = network, prompter } = options;
  network.addName(NAME, PUBLIC, PUBLIC_6);
  const overrides = prompter === undefined ? {} : { prompter };
  const fixture = brokerFixture(script, { test: true, allow, ...overrides });
  const { broker, clock, reports } = fixture;
  const engine = createEngineHost(net, clock);
  const report = (line: string): void => void reports.push(line);
  const context: NetContext = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  return { ...fixture, network, engine, ...createDirectSockets(() => Promise.resolve(context), policy) };
}

/** A socket of another machine, or of this one. */
export interface Peer {
  readonly link: DatagramLink;
  readonly inbox: Inbox;
  /** Sends text. */
  send(content: string, to: { readonly localAddress: string; readonly localPort: number }): Promise<void>;
}

/** Binds a socket without asking anybody. */
export async function peerAt(
  network: MemoryNetwork,
  text: string,
  port: number,
  options: Partial<BindOptions> = {},
): Promise<Peer> {
  const inbox = new Inbox();
  const link = await network.bindDatagram(testGrant(), { address: address(text), port }, {
    options: {
      sendBufferSize: null,
      receiveBufferSize: null,
      broadcast: false,
      ipv6Only: false,
      addressSharing: false,
      ...options,
    },
    handlers: inbox,
  });
  const send = async (
    content: string,
    { localAddress, localPort }: { readonly localAddress: string; readonly localPort: number },
  ): Promise<void> => await link.send(bytes(content), { address: localAddress, port: localPort });
  return { link, inbox, send };
}

/** An address that is known to be one. */
export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed === null) throw new TypeError(`"${text}" is not an IP address`);
  return parsed;
}

/** Text as bytes. */
export const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
/** Bytes as text. */
export const text = (content: Uint8Array | undefined): string => new TextDecoder().decode(content);

/** What a promise rejects with. */
export async function reasonOf(promise: Promise<unknown>): Promise<DOMException> {
  try {
    await promise;
  } catch (error) {
    return error as DOMException;
  }
  throw new TypeError("The promise was fulfilled");
}

/** The code of the failure below an exception. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const { cause } = await reasonOf(promise);
  return cause instanceof ParleyError ? cause.code : String(cause);
}

/** What a promise has come to, once everything has happened that waits for nothing from outside. */
export async function stateOf(promise: Promise<unknown>): Promise<"pending" | "fulfilled" | "rejected"> {
  let state: "pending" | "fulfilled" | "rejected" = "pending";
  promise.then(() => state = "fulfilled", () => state = "rejected");
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  return state;
}

/** Calls a constructor as a script without types may. */
export function construct<T>(Class: new (...given: never[]) => T, ...given: unknown[]): T {
  return Reflect.construct(Class, given) as T;
}
