/** The back end of the runtime at hand, and what it is known to lack. */
import type { NetBackend, NetGaps } from "../../net/port.ts";
import { RUNTIME } from "../support/harness.ts";
import type { ContractTraits } from "./contract_host.ts";

const GAPS: Record<typeof RUNTIME, NetGaps> = {
  deno: { connectNotCancellable: false, keepAliveDelayIgnored: true, resetSendsFin: true },
  bun: { connectNotCancellable: true, keepAliveDelayIgnored: false, resetSendsFin: false },
  node: { connectNotCancellable: false, keepAliveDelayIgnored: false, resetSendsFin: false },
};

/** What this runtime is known to lack. When a gap closes, its line here fails. */
export const nativeGaps: NetGaps = GAPS[RUNTIME];

/** Likewise, for what the port has no flag for: Bun's TLS ends both sides at the far end's close_notify. */
export const nativeTraits: ContractTraits = { realSockets: true, writesAfterCloseNotify: RUNTIME !== "bun" };

/** Loads the back end of this runtime only. */
export async function nativeBackend(): Promise<NetBackend> {
  if (RUNTIME === "deno") return (await import("../../runtime/deno/net.ts")).denoNet;
  if (RUNTIME === "bun") return (await import("../../runtime/bun/net.ts")).bunNet;
  return (await import("../../runtime/node/net.ts")).nodeNet;
}
