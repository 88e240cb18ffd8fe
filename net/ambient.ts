/** The ambient face: what `openTCPSocket` of the entries acts with. */
import { ambientContext } from "../permissions/ambient.ts";
import type { NetContext } from "./context.ts";
import type { EngineHost } from "./engine/engine_host.ts";
import { createServers } from "./faces/servers/mod.ts";
import { createRawSockets } from "./faces/raw_sockets/mod.ts";
import { createPublishedEngine } from "./published_engine.ts";

let engine: EngineHost | null = null;

/** The context of the main program. */
export async function ambientNetContext(): Promise<NetContext> {
  const { host, broker, requester } = await ambientContext();
  engine ??= createPublishedEngine(host);
  return { engine, broker, requester, lifetimes: null, claim: null, report: (line) => host.report(line) };
}

/** Raw Sockets for the main program. */
export const rawSockets: ReturnType<typeof createRawSockets> = createRawSockets(ambientNetContext);

/** Servers of the main program. */
export const servers: ReturnType<typeof createServers> = createServers(ambientNetContext);
