/** Bun as a host. */
import { processLaunch, unrestrictedNetwork } from "../_node/process_launch.ts";
import type { Host } from "../host.ts";
import { reportLine } from "../report.ts";
import { systemClock } from "../system_clock.ts";
import { bunNet } from "./net.ts";
import { bunTerminal } from "./terminal.ts";

/** Bun's back ends. */
export const host: Host = Object.freeze({
  name: "bun",
  net: bunNet,
  terminal: bunTerminal,
  clock: systemClock,
  launch: processLaunch((globalThis as unknown as { Bun: { main: string } }).Bun.main),
  report: reportLine,
  networkState: unrestrictedNetwork,
});
