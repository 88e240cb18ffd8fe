/** Runs the contract suites against the back end of the runtime at hand. */
import type { NetBackend, NetGaps } from "../../net/port.ts";
import { RUNTIME } from "../support/harness.ts";
import { netContract } from "./net_contract.ts";
import { realHost } from "./node_host.ts";
import { tlsContract } from "./tls_contract.ts";

/** What each runtime is known to lack. When a gap closes, its line here fails. */
const GAPS: Record<typeof RUNTIME, NetGaps> = {
  deno: { connectNotCancellable: false, keepAliveDelayIgnored: true, resetSendsFin: true },
  bun: { connectNotCancellable: true, keepAliveDelayIgnored: false, resetSendsFin: false },
  node: { connectNotCancellable: false, keepAliveDelayIgnored: false, resetSendsFin: false },
};

async function backend(): Promise<NetBackend> {
  if (RUNTIME === "deno") return (await import("../../runtime/deno/net.ts")).denoNet;
  if (RUNTIME === "bun") return (await import("../../runtime/bun/net.ts")).bunNet;
  return (await import("../../runtime/node/net.ts")).nodeNet;
}

const net = await backend();
const traits = { realSockets: true, writesAfterCloseNotify: RUNTIME !== "bun" };

netContract(RUNTIME, () => realHost(net, traits), GAPS[RUNTIME]);
tlsContract(RUNTIME, () => realHost(net, traits));
