/** Whether somebody can be at the controlling terminal, found out without opening it. */
import type { Presence } from "../../permissions/terminal/port.ts";
import { readInitialEnvironment } from "./launch.ts";
import { findMultiplexers, isDetached, type Multiplexer } from "./terminal_multiplexer.ts";
import { processStat } from "./terminal_process_stat.ts";

/** Looked for once: a parent that ends later is not an ancestor any more. */
let multiplexers: readonly Multiplexer[] | null = null;

/**
 * Whether this process belongs to the foreground of its terminal, and whether anybody is attached to the multiplexer
 * around it. `foreground` where the system does not tell.
 */
export function ttyPresence(): Presence {
  const stat = processStat("self");
  if (stat === null) return "foreground";
  if (stat.foreground === -1 || stat.tty === 0) return "gone";
  if (around().some(isDetached)) return "detached";
  return stat.group === stat.foreground ? "foreground" : "background";
}

function around(): readonly Multiplexer[] {
  if (multiplexers === null) {
    const initial = readInitialEnvironment();
    multiplexers = findMultiplexers((name) => initial?.get(name));
  }
  return multiplexers;
}
