/** Deno as a host. */
import { formatHostPort } from "../../core/ip_address.ts";
import type { Host } from "../host.ts";
import { reportLine } from "../report.ts";
import { systemClock } from "../system_clock.ts";
import { denoInventory } from "./inventory.ts";
import { denoLaunch } from "./launch.ts";
import { denoNet } from "./net.ts";
import { denoState } from "./state.ts";
import { denoTerminal } from "./terminal.ts";

/** Deno's back ends. */
export const host: Host = Object.freeze({
  name: "deno",
  net: denoNet,
  terminal: denoTerminal,
  clock: systemClock,
  launch: denoLaunch,
  inventory: denoInventory,
  state: denoState,
  report: reportLine,
  async networkState(name: string, port: number): Promise<"granted" | "denied" | "prompt"> {
    const { state } = await Deno.permissions.query({ name: "net", host: formatHostPort(name, port) });
    return state;
  },
});
