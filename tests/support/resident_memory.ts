/** How much memory a process has in use, as Linux counts it. */
import { readFileSync, writeFileSync } from "node:fs";

/** Resident memory of a process, in KiB. */
export interface ResidentMemory {
  /** Now. */
  readonly nowKib: number;
  /** The most since the start of the process, or since `forgetPeak`. */
  readonly peakKib: number;
}

/**
 * Reads the resident memory of a process.
 *
 * @param pid The process.
 * @throws {TypeError} When there is no such process.
 */
export function residentMemory(pid: number): ResidentMemory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { nowKib: field(status, "VmRSS"), peakKib: field(status, "VmHWM") };
}

/**
 * Lets the peak begin anew at what is in use now.
 *
 * @param pid A process of this user.
 */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function field(status: string, name: string): number {
  const kib = Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? NaN);
  if (Number.isNaN(kib)) throw new TypeError(`Cannot read ${name}: the process has ended`);
  return kib;
}
