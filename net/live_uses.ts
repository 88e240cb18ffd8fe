/** Shows the operator what is open: in the terminal's title, or in a line (CON-07). Best effort, in the program's own terminal. */
import { formatHostPort } from "../core/ip_address.ts";
import type { Clock } from "../core/clock.ts";
import { LiveStatus, statusMode } from "../permissions/terminal/mod.ts";
import type { TerminalBackend } from "../permissions/terminal/port.ts";
import type { InventoryEntry, InventoryFollower } from "./engine/inventory.ts";

/** What showing takes. */
export interface LiveUsesHost {
  /** Time. */
  readonly clock: Clock;
  /** The terminal, whose title is set. */
  readonly terminal: TerminalBackend;
  /** The environment. */
  readonly launch: {
    /** A variable, or undefined where it is not set or not visible. */
    env(name: string): string | undefined;
  };
  /** Tells the operator one line, escaped. */
  report(line: string): void;
}

/**
 * Follows an inventory for the operator's eyes. `PARLEY_STATUS` chooses: `title` (the default), `line`, or `off`.
 *
 * @param host The terminal.
 */
export function liveUses(host: LiveUsesHost): InventoryFollower {
  const status = new LiveStatus({
    mode: statusMode(host.launch.env("PARLEY_STATUS")),
    clock: host.clock,
    title: (text) => host.terminal.title?.(text),
    report: (line) => host.report(line),
  });
  const ends = new Map<InventoryEntry, () => void>();
  return Object.freeze({
    opened: (entry: InventoryEntry) => void ends.set(entry, status.add({ kind: kindOf(entry), where: whereOf(entry) })),
    closed: (entry: InventoryEntry) => {
      ends.get(entry)?.();
      ends.delete(entry);
    },
  });
}

function kindOf({ kind }: InventoryEntry): "server" | "socket" | "connection" {
  if (kind === "listen") return "server";
  return kind.startsWith("udp") ? "socket" : "connection";
}

function whereOf({ grant: { destination: { host, port } } }: InventoryEntry): string {
  return host.kind === "path" ? host.text : formatHostPort(host.text, port);
}
