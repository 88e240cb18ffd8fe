/** Node as a host. */
import process from "node:process";
import { ownState, processInventory, processLaunch, unrestrictedNetwork } from "../_node/process_launch.ts";
import type { Host } from "../host.ts";
import { reportLine } from "../report.ts";
import { systemClock } from "../system_clock.ts";
import { nodeNet } from "./net.ts";
import { nodeTerminal } from "./terminal.ts";

const launch = processLaunch(process.argv[1]);

/** Node's back ends. */
export const host: Host = Object.freeze({
  name: "node",
  net: nodeNet,
  terminal: nodeTerminal,
  clock: systemClock,
  launch,
  inventory: processInventory(launch),
  state: ownState(launch),
  report: reportLine,
  networkState: unrestrictedNetwork,
});
