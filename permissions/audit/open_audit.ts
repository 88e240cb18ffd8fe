/** The audit log of a process where there can be one, and what stands in for it where there cannot. */
import type { AuditPlace } from "./append_log_port.ts";
import { AuditLog, type AuditLogInit } from "./audit_log.ts";
import { type AuditSink, NO_AUDIT } from "./audit_port.ts";

/** Nothing can be written: the broker refuses everything where the policy requires the log. */
const UNWRITABLE: AuditSink = Object.freeze({ record: () => false });

/** What a log is made of besides its place. */
export interface OpenAuditOptions extends Omit<AuditLogInit, "log" | "digest"> {
  /** Whether the process is in private mode, which leaves no trace (NET-20). */
  readonly isPrivate: boolean;
}

/**
 * Opens the log. Nothing is touched before the first line.
 *
 * @param place Where the runtime keeps it; undefined on a host that reaches nothing real.
 * @param options What it is made of.
 * @returns In private mode, and where there is no place, what writes nothing; where something is in the way, what says of each
 * event that it could not be written.
 */
export function openAudit(place: AuditPlace | undefined, options: OpenAuditOptions): AuditSink {
  const { isPrivate, ...init } = options;
  if (place === undefined || isPrivate) return NO_AUDIT;
  if (place.obstacle() !== null) return UNWRITABLE;
  const audit = new AuditLog({ ...init, log: place.writer(), digest: place.digest });
  place.onExit(() => audit.end());
  return audit;
}
