/** An audit log in memory, and what stands in it, for tests. */
import { ManualClock } from "../../core/manual_clock.ts";
import type { AppendLog } from "../../permissions/audit/append_log_port.ts";
import { AuditLog, type AuditLogInit } from "../../permissions/audit/audit_log.ts";
import type { AuditRecord } from "../../permissions/audit/audit_record.ts";
import { parseAuditLine } from "../../permissions/audit/parse_audit_line.ts";
import { EMPTY_POLICY, fixedPolicy, type Policy } from "../../permissions/policy.ts";
import { policyFromSnapshot } from "../../permissions/policy/policy_snapshot.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";

/** A file that is none. */
export class MemoryAppendLog implements AppendLog {
  readonly path: string = "/state/parley/audit.jsonl";
  /** What was appended. */
  readonly lines: string[] = [];
  /** Snapshots by fingerprint. */
  readonly policies: Map<string, string> = new Map();
  /** While it is set, nothing can be written. */
  full: Error | null = null;
  /** Whether it was let go of. */
  closed = false;

  append(line: string): void {
    if (this.full !== null) throw this.full;
    this.lines.push(line);
  }

  keepPolicy(sha256: string, text: string): void {
    if (this.full !== null) throw this.full;
    this.policies.set(sha256, text);
  }

  redactionKey(): string {
    return "ab".repeat(32);
  }

  close(): void {
    this.closed = true;
  }

  /** The lines, read again. */
  get records(): AuditRecord[] {
    return this.lines.map((line) => {
      const parsed = parseAuditLine(line);
      if (parsed.kind === "problem") throw new TypeError(`${parsed.problem}: ${line}`);
      return parsed.record;
    });
  }

  /** The policy of a fingerprint. */
  policy(sha256: string): Policy | null {
    const text = this.policies.get(sha256);
    return text === undefined ? null : policyFromSnapshot(text);
  }
}

/** A log with what it is made of. */
export interface AuditFixture {
  readonly audit: AuditLog;
  readonly log: MemoryAppendLog;
  readonly clock: ManualClock;
  /** What the operator was told. */
  readonly reports: string[];
}

/** Makes a log in memory. */
export function auditFixture(options: Partial<AuditLogInit> = {}): AuditFixture {
  const log = new MemoryAppendLog();
  const clock = new ManualClock();
  const reports: string[] = [];
  const audit = new AuditLog({
    log,
    digest: nodeDigest,
    clock,
    policy: fixedPolicy(EMPTY_POLICY),
    pid: 42,
    report: (line) => reports.push(line),
    ...options,
  });
  return { audit, log, clock, reports };
}
