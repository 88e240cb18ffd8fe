/** Whether a run leaves traces (NET-20), by what the operator wants and what the managed policy lets. */
import type { PolicySettings } from "./policy.ts";

/** What holds for a run. */
export interface Privacy {
  /** Whether nothing is written that names a destination, device or program. */
  readonly isPrivate: boolean;
  /** Why the run cannot be as it was asked for, in words; null when it can. Then nothing is approved. */
  readonly conflict: string | null;
}

/**
 * Decides whether a run is private.
 *
 * @param settings What the policy settles.
 * @param wanted Whether the operator asked for private mode.
 */
export function privacyOf({ privateMode, audit }: PolicySettings, wanted: boolean): Privacy {
  const isPrivate = wanted || privateMode === "required";
  if (wanted && privateMode === "refused") {
    return { isPrivate, conflict: "private mode was asked for, and the managed policy refuses it" };
  }
  // Who requires a log must not be answered with a run that leaves none (CON-22).
  if (isPrivate && audit === "required") {
    return { isPrivate, conflict: "private mode leaves no audit log, and the policy requires one" };
  }
  return { isPrivate, conflict: null };
}
