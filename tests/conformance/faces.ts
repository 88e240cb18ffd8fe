/** The three faces on one network in memory, as the rows of their specifications are tried on them. */
import { createDirectSockets, type DirectSockets } from "../../net/faces/direct_sockets/mod.ts";
import { createRawSockets, type NavigatorRawSockets } from "../../net/faces/raw_sockets/mod.ts";
import { createWinterTcSockets, type WinterTcSockets } from "../../net/faces/wintertc/mod.ts";
import type { NetContext } from "../../net/context.ts";
import { createEngineHost } from "../../net/engine/engine_host.ts";
import type { ByteLink, ConnectOptions } from "../../net/port.ts";
import type { Answer } from "../../permissions/prompter.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { type BrokerFixture, brokerFixture, REQUESTER } from "../support/broker_fixture.ts";

/** A public address; `host.example` leads to it. */
export const ADDRESS = "93.184.215.14";
/** The port on which an echo answers there. */
export const PORT = 7;

/** A network in memory that keeps what it was told about connections. */
export class WatchedNetwork extends MemoryNetwork {
  /** How each connection was asked for. */
  readonly connects: ConnectOptions[] = [];
  /** This side's end of each connection. */
  readonly links: ByteLink[] = [];

  override async connect(...given: Parameters<MemoryNetwork["connect"]>): Promise<ByteLink> {
    this.connects.push(given[2]);
    const link = await super.connect(...given);
    this.links.push(link);
    return link;
  }
}

/** Faces that act for one requester, and what happened around them. */
export interface Faces extends BrokerFixture {
  readonly network: WatchedNetwork;
  readonly directSockets: DirectSockets;
  readonly navigator: NavigatorRawSockets;
  readonly winterTc: WinterTcSockets;
}

/**
 * Makes the faces, with an echo at {@linkcode ADDRESS}.
 *
 * @param answers What the operator says, in order; then no.
 * @param options What differs in the broker or the context.
 */
export function makeFaces(
  answers: readonly Answer[] = [],
  options: { readonly broker?: Parameters<typeof brokerFixture>[1]; readonly context?: Partial<NetContext> } = {},
): Faces {
  const network = new WatchedNetwork();
  network.addName("host.example", ADDRESS);
  network.listen({ address: ADDRESS, port: PORT }, echo);
  const fixture = brokerFixture(answers, { test: true, ...options.broker });
  const { broker, clock, reports } = fixture;
  const context: NetContext = {
    engine: createEngineHost(network, clock),
    broker,
    requester: REQUESTER,
    lifetimes: null,
    claim: null,
    report: (line) => void reports.push(line),
    ...options.context,
  };
  const source = (): Promise<NetContext> => Promise.resolve(context);
  return {
    ...fixture,
    network,
    directSockets: createDirectSockets(source),
    navigator: createRawSockets(source),
    winterTc: createWinterTcSockets(source),
  };
}

/** A service that sends back what it gets. */
export async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
}

/** What a promise rejects with. */
export async function reasonOf(promise: Promise<unknown>): Promise<Error & { readonly cause?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new TypeError("The promise was fulfilled");
}
