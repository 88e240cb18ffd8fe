/** Opens the connection of a run, by whichever interface it is drawn for, as something that programs can use alike. */
import type { ManualClock } from "../../../core/manual_clock.ts";
import { createEngineHost } from "../../../net/engine/engine_host.ts";
import { createDirectSockets } from "../../../net/faces/direct_sockets/mod.ts";
import type { TCPSocket } from "../../../net/faces/raw_sockets/mod.ts";
import { createWinterTcSockets, type Socket } from "../../../net/faces/wintertc/mod.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { createFaultPlan } from "../../../runtime/memory/faults.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { createTestHost } from "../../../testing.ts";
import { brokerFixture, ONCE, REQUESTER, RUN } from "../broker_fixture.ts";
import { PEER_HOST } from "./peer.ts";
import type { FaceName, Scenario } from "./scenario.ts";

/** The port that the client connects to. */
export const PEER_PORT = 7;

/** A connection, whichever interface it is of. */
export interface Connection {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
  readonly closed: Promise<void>;
  /** Whether an end of the readable is the far end's: it also comes of `close()`, and in WinterTC's text of a failed opening. */
  readonly isOpen: () => boolean;
  /** Closes it in the interface's own way. */
  close(): Promise<unknown>;
  /** The same where streams may be locked; null where the interface has no way. */
  readonly closeLocked: (() => Promise<unknown>) | null;
  /** Upgrades it; null where the interface has no way. */
  readonly startTls: (() => Promise<Connection>) | null;
}

/** A host of its own, for one run. */
export interface World {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  /** Opens the connection; the signal ends attempt and connection where the interface has one. */
  open(signal: AbortSignal): Promise<Connection>;
  /** Takes the approval back. */
  revoke(): void;
}

/**
 * Makes the host of a run.
 *
 * @param scenario The run.
 */
export function createWorld(scenario: Scenario): World {
  return WORLDS[scenario.face](scenario);
}

const WORLDS: Readonly<Record<FaceName, (scenario: Scenario) => World>> = {
  raw(scenario) {
    const { faults, tls } = scenario;
    const { navigator, network, clock, revokeAll } = createTestHost({ answer: () => answerTo(scenario), faults });
    return {
      clock,
      network: network as MemoryNetwork,
      revoke: revokeAll,
      open: async (signal) =>
        rawConnection(
          await navigator.openTCPSocket({
            remoteAddress: PEER_HOST,
            remotePort: PEER_PORT,
            secureTransport: tls,
            signal,
          }),
        ),
    };
  },
  direct(scenario) {
    const { clock, network, revoke, source } = context(scenario);
    const { TCPSocket } = createDirectSockets(source);
    return {
      clock,
      network,
      revoke,
      open: async () => {
        const socket = new TCPSocket(PEER_HOST, PEER_PORT);
        const { readable, writable } = await socket.opened;
        const { closed } = socket;
        return closeable({
          readable,
          writable,
          closed,
          isOpen: () => true,
          close: () => socket.close(),
          closeLocked: null,
          startTls: null,
        });
      },
    };
  },
  wintertc(scenario) {
    const { clock, network, revoke, source } = context(scenario);
    const { connect } = createWinterTcSockets(source);
    const { tls: secureTransport, allowHalfOpen } = scenario;
    return {
      clock,
      network,
      revoke,
      open: (signal) => {
        const options = { secureTransport, allowHalfOpen, signal };
        return Promise.resolve(winterTcConnection(connect(`${PEER_HOST}:${PEER_PORT}`, options)));
      },
    };
  },
};

function context(scenario: Scenario) {
  const { faults } = scenario;
  const fixture = brokerFixture([answerTo(scenario)], { test: true });
  const { broker, clock } = fixture;
  const network = new MemoryNetwork({ faults: createFaultPlan(faults, clock) });
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report: () => {} };
  return { clock, network, revoke: () => broker.revokeAll(), source: () => Promise.resolve(context) };
}

/** Only what is approved for the run can be taken back. */
function answerTo({ program }: Scenario): Answer {
  return program === "revoke" ? RUN : ONCE;
}

function rawConnection(socket: TCPSocket): Connection {
  const { readable, writable, closed } = socket;
  return closeable({
    readable,
    writable,
    closed,
    isOpen: () => true,
    close: () => socket.close(),
    closeLocked: () => socket[Symbol.asyncDispose](),
    startTls: async () => rawConnection(await socket.startTls()),
  });
}

function winterTcConnection(socket: Socket): Connection {
  const { readable, writable, closed, opened } = socket;
  let open = false;
  opened.then(() => open = true, () => {});
  return closeable({
    readable,
    writable: writable as WritableStream<BufferSource>,
    closed,
    isOpen: () => open,
    close: () => socket.close(),
    closeLocked: () => socket.close(),
    startTls: () => Promise.resolve(winterTcConnection(socket.startTls())),
  });
}

/** The connection, not open any more from the moment on that the client closes it. */
function closeable(connection: Connection): Connection {
  const { close, closeLocked, isOpen } = connection;
  let closing = false;
  const noted = (end: () => Promise<unknown>) => (): Promise<unknown> => {
    closing = true;
    return end();
  };
  return {
    ...connection,
    isOpen: () => !closing && isOpen(),
    close: noted(close),
    closeLocked: closeLocked === null ? null : noted(closeLocked),
  };
}
