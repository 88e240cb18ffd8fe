/**
 * Whether the tmux or screen around this process has anybody attached (CON-23). Neither tells the programs in it, and the
 * terminal they give it stays as it is. But both show it on their socket: its owner's x bit is set while a client is
 * attached (tmux: `server_update_socket`, screen: since 3; tried with 3.3a and 4.9.0). Best effort: tmux has one socket
 * for all its sessions, so a detached session goes unseen while another one is attached; and of a multiplexer on the
 * machine that somebody came from by ssh nothing can be seen.
 */
import fs from "node:fs";
import { processStat } from "./terminal_process_stat.ts";

// Taken at load, so that code loaded later cannot replace it (CORE-01).
const { statSync } = fs;

const OWNER_X = 0o100;
/** A process is no more than this many generations below its multiplexer. */
const MAX_GENERATIONS = 64;

/** A multiplexer that this process runs in. */
export interface Multiplexer {
  /** Which program it is. */
  readonly kind: "tmux" | "screen";
  /** Its socket. */
  readonly socket: string;
  /** Its process. */
  readonly pid: number;
}

/** A variable as it stood in the environment that the process started with. */
type Variable = (name: string) => string | undefined;

/**
 * The multiplexers that this process runs in: those that its environment names and that it descends from. A window that was
 * opened out of one inherits the names, too, but not the ancestor.
 *
 * @param variable The environment.
 */
export function findMultiplexers(variable: Variable): readonly Multiplexer[] {
  const named = [tmux(variable), ...screen(variable)].filter((found) => found !== null);
  return named.length === 0 ? [] : named.filter(({ pid }) => ancestors().has(pid));
}

/** Whether nobody is attached to a multiplexer. Where its socket cannot be seen, somebody is taken to be. */
export function isDetached({ socket }: Pick<Multiplexer, "socket">): boolean {
  try {
    const stats = statSync(socket);
    return stats.isSocket() && (stats.mode & OWNER_X) === 0;
  } catch {
    return false;
  }
}

/** `TMUX`: the socket's path, the server's process id and the session's number. */
function tmux(variable: Variable): Multiplexer | null {
  const parts = (variable("TMUX") ?? "").split(",");
  const pid = Number(parts.at(-2));
  return parts.length < 3 || !(pid > 0) ? null : { kind: "tmux", socket: parts.slice(0, -2).join(","), pid };
}

/** `STY`: the socket's name, which begins with the process id. Where it stands depends on how screen was built. */
function screen(variable: Variable): Multiplexer[] {
  const name = variable("STY") ?? "";
  const pid = Number.parseInt(name, 10);
  if (!(pid > 0) || name.includes("/")) return [];
  const home = variable("HOME");
  const user = variable("USER") ?? variable("LOGNAME");
  const folders = [variable("SCREENDIR"), user && `/run/screen/S-${user}`, home && `${home}/.screen`];
  return folders.flatMap((folder) => folder ? [{ kind: "screen" as const, socket: `${folder}/${name}`, pid }] : []);
}

function ancestors(): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = processStat("self"); at !== null && at.parent > 0; at = processStat(at.parent)) {
    if (found.has(at.parent) || found.size >= MAX_GENERATIONS) break;
    found.add(at.parent);
  }
  return found;
}
