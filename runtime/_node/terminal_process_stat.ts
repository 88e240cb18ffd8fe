/** What the kernel says of a process, from `/proc/<pid>/stat`. Linux only; elsewhere nothing is known. */
import fs from "node:fs";

// Taken at load, so that code loaded later cannot replace it (CORE-01).
const { readFileSync } = fs;

/** A process at one moment. */
export interface ProcessStat {
  /** One letter: `T` or `t` is stopped, `Z` and `X` are dead. */
  readonly state: string;
  /** Its parent. */
  readonly parent: number;
  /** Its process group. */
  readonly group: number;
  /** The device number of its controlling terminal, 0 for none. */
  readonly tty: number;
  /** The terminal's foreground process group, -1 for no terminal. */
  readonly foreground: number;
  /** When it was started, in clock ticks since the system was: with the id it names a process for ever. */
  readonly started: string;
}

/**
 * Looks at a process.
 *
 * @param pid Its id, or `self`.
 * @returns Null when it is not there, or the system does not tell.
 */
export function processStat(pid: number | "self"): ProcessStat | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The name in brackets may hold anything; behind it: state, ppid, pgrp, session, tty_nr, tpgid, … starttime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    state: fields[0] ?? "",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    tty: Number(fields[4]),
    foreground: Number(fields[5]),
    started: fields[19] ?? "",
  };
}
