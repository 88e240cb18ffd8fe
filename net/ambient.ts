/** The ambient face: what `openTCPSocket` of the entries acts with. */
import { ambientContext } from "../permissions/ambient.ts";
import type { Broker } from "../permissions/broker.ts";
import { operatorKeys } from "../permissions/pins/operator_keys.ts";
import type { PeerKeys } from "../permissions/pins/peer_keys_port.ts";
import { auditedSockets } from "./audited_sockets.ts";
import { liveUses, type LiveUsesHost } from "./live_uses.ts";
import type { NetContext } from "./context.ts";
import type { EngineHost } from "./engine/engine_host.ts";
import { createServers } from "./faces/servers/mod.ts";
import { createRawSockets } from "./faces/raw_sockets/mod.ts";
import { createPublishedEngine, type PublishingHost } from "./published_engine.ts";

let engine: EngineHost | null = null;
let keys: PeerKeys | null = null;

/** The context of the main program. */
export async function ambientNetContext(): Promise<NetContext> {
  const { host, broker, requester } = await ambientContext();
  engine ??= followedEngine(host, broker);
  keys ??= operatorKeys(host, (grant, facts, how) => broker.askKey(grant, facts, how));
  return { engine, broker, requester, lifetimes: null, claim: null, keys, report: (line) => host.report(line) };
}

function followedEngine(host: PublishingHost & LiveUsesHost, broker: Broker): EngineHost {
  const published = createPublishedEngine(host);
  published.inventory.follow(auditedSockets(broker));
  published.inventory.follow(liveUses(host));
  return published;
}

/** Raw Sockets for the main program. */
export const rawSockets: ReturnType<typeof createRawSockets> = createRawSockets(ambientNetContext);

/** Servers of the main program. */
export const servers: ReturnType<typeof createServers> = createServers(ambientNetContext);
