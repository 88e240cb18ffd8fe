/** What could type at this process's terminal in the operator's place, as far as the system shows it (CON-10). */
import fs from "node:fs";
import type { KeyInjector } from "../../permissions/terminal/port.ts";
import { readInitialEnvironment } from "./launch.ts";
import { findMultiplexers } from "./terminal_multiplexer.ts";
import { processStat } from "./terminal_process_stat.ts";

// Taken at load, so that code loaded later cannot replace it (CORE-01).
const { readFileSync } = fs;

const SWITCH = "/proc/sys/dev/tty/legacy_tiocsti";

/** Looks for them. Empty where there is no terminal, or the system does not tell. */
export function keyInjectors(): readonly KeyInjector[] {
  const stat = processStat("self");
  if (stat === null || stat.tty === 0) return [];
  const initial = readInitialEnvironment();
  const variable = (name: string): string | undefined => initial?.get(name);
  const found = new Set<KeyInjector>();
  if (allowsTiocsti()) found.add("tiocsti");
  for (const { kind } of findMultiplexers(variable)) found.add(kind);
  if ((variable("DISPLAY") ?? "") !== "") found.add("xtest");
  return [...found];
}

/** Kernels before 6.2 have no such switch, and allow it. */
function allowsTiocsti(): boolean {
  try {
    return readFileSync(SWITCH, "latin1").trim() !== "0";
  } catch {
    return true;
  }
}
