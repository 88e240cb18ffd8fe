/** The back end of the runtime at hand, and what it is known to lack. */
import type { NetBackend, NetGaps } from "../../net/port.ts";
import { RUNTIME } from "../support/harness.ts";
import type { ContractTraits } from "./contract_host.ts";

const GAPS: Record<typeof RUNTIME, NetGaps> = {
  deno: {
    connectNotCancellable: false,
    keepAliveDelayIgnored: true,
    resetSendsFin: true,
    acceptsEagerly: false,
    serverIpv6OnlyIgnored: true,
    datagramNotConnected: true,
    datagramBuffersIgnored: true,
    multicastTtlZeroRefused: true,
  },
  bun: {
    connectNotCancellable: true,
    keepAliveDelayIgnored: false,
    resetSendsFin: false,
    acceptsEagerly: true,
    serverIpv6OnlyIgnored: false,
    datagramNotConnected: false,
    datagramBuffersIgnored: false,
    multicastTtlZeroRefused: true,
  },
  node: {
    connectNotCancellable: false,
    keepAliveDelayIgnored: false,
    resetSendsFin: false,
    acceptsEagerly: true,
    serverIpv6OnlyIgnored: false,
    datagramNotConnected: false,
    datagramBuffersIgnored: false,
    multicastTtlZeroRefused: false,
  },
};

/** What this runtime is known to lack. When a gap closes, its line here fails. */
export const nativeGaps: NetGaps = GAPS[RUNTIME];

/** What the network in memory lacks: nothing. */
export const noGaps: NetGaps = Object.fromEntries(
  Object.keys(nativeGaps).map((name) => [name, false]),
) as unknown as NetGaps;

/**
 * Likewise, for what the port has no flag for: Bun's TLS ends both sides at the far end's close_notify, and Deno sets for IPv6
 * groups neither hop limit nor source.
 */
export const nativeTraits: ContractTraits = {
  realSockets: true,
  writesAfterCloseNotify: RUNTIME !== "bun",
  ipv6Multicast: RUNTIME !== "deno",
};

/** Loads the back end of this runtime only. */
export async function nativeBackend(): Promise<NetBackend> {
  if (RUNTIME === "deno") return (await import("../../runtime/deno/net.ts")).denoNet;
  if (RUNTIME === "bun") return (await import("../../runtime/bun/net.ts")).bunNet;
  return (await import("../../runtime/node/net.ts")).nodeNet;
}
