/** The ambient face: what `openTCPSocket` of the entries acts with. */
import { ambientContext } from "../permissions/ambient.ts";
import type { NetContext } from "./context.ts";
import { createRawSockets } from "./faces/raw_sockets/mod.ts";

/** The context of the main program. */
export async function ambientNetContext(): Promise<NetContext> {
  const { host, broker, requester } = await ambientContext();
  const engine = { net: host.net, clock: host.clock };
  return { engine, broker, requester, lifetimes: null, claim: null, report: (line) => host.report(line) };
}

/** Raw Sockets for the main program. */
export const rawSockets: ReturnType<typeof createRawSockets> = createRawSockets(ambientNetContext);
