/** Bun as a host. */
import { ownState, processInventory, processLaunch, unrestrictedNetwork } from "../_node/process_launch.ts";
import type { Host } from "../host.ts";
import { reportLine } from "../report.ts";
import { systemClock } from "../system_clock.ts";
import { bunNet } from "./net.ts";
import { bunTerminal } from "./terminal.ts";

const launch = processLaunch((globalThis as unknown as { Bun: { main: string } }).Bun.main);

/** Bun's back ends. */
export const host: Host = Object.freeze({
  name: "bun",
  net: bunNet,
  terminal: bunTerminal,
  clock: systemClock,
  launch,
  inventory: processInventory(launch),
  state: ownState(launch),
  report: reportLine,
  networkState: unrestrictedNetwork,
});
