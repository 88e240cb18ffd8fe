/** `parley audit replay`: each decision made again from its line and the policy that held. */
import { isParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import type { AuditReader, Digest } from "../../permissions/audit/append_log_port.ts";
import { type Replay, replayDecision } from "../../permissions/audit/audit_replay.ts";
import { shownText } from "../../permissions/audit/audit_text.ts";
import type { Policy } from "../../permissions/policy.ts";
import { policyFromSnapshot } from "../../permissions/policy/policy_snapshot.ts";
import { auditLines, type PlacedLine } from "./audit_lines.ts";
import type { AuditOutput } from "./audit_output.ts";

/** A policy, or why there is none, and whether that is somebody's doing. */
type Snapshot = { readonly policy: Policy } | { readonly problem: string; readonly changed: boolean };

/**
 * Makes the decisions of the log again.
 *
 * @param log The log, and hashes.
 * @param output Where the verdict goes.
 * @returns Whether every decision that could be made again is the same, and no policy was changed.
 */
export async function replayAudit(
  log: { readonly reader: AuditReader; readonly digest: Digest },
  output: AuditOutput,
): Promise<boolean> {
  const snapshots = new Map<string, Snapshot>();
  const notReplayable = new Map<string, number>();
  let agreed = 0;
  let differences = 0;
  for (const placed of auditLines(log.reader)) {
    const replay = replayLine(placed, log, snapshots);
    if (replay === null) continue;
    if (replay.kind === "agrees") agreed++;
    else if (replay.kind === "not-replayable") {
      notReplayable.set(replay.reason, (notReplayable.get(replay.reason) ?? 0) + 1);
    } else {
      differences++;
      await sayDifference(placed, replay, output);
    }
  }
  const reasons = [...notReplayable];
  const decisions = agreed + differences + reasons.reduce((sum, [, count]) => sum + count, 0);
  await output.say({
    event: "replayed",
    decisions,
    agreed,
    differences,
    notReplayable: reasons.map(([reason, count]) => ({ reason, count })),
  }, [
    `${decisions} decisions: ${agreed} are the same again, ${differences} differ.`,
    ...reasons.map(([reason, count]) => `${count} cannot be made again: ${escapeText(reason)}.`),
  ]);
  const isChanged = [...snapshots.values()].some((snapshot) => "changed" in snapshot && snapshot.changed);
  return differences === 0 && !isChanged;
}

/** Null for a line that is no decision. */
function replayLine(
  { parsed }: PlacedLine,
  { reader, digest }: { readonly reader: AuditReader; readonly digest: Digest },
  snapshots: Map<string, Snapshot>,
): Replay | null {
  if (parsed.kind !== "record" || parsed.record.event !== "decision") return null;
  const { record } = parsed;
  if (record.hashed) return replayDecision(record, null, digest);
  const snapshot = snapshots.get(record.policy) ?? readSnapshot(record.policy, { reader, digest });
  snapshots.set(record.policy, snapshot);
  if ("problem" in snapshot) return { kind: "not-replayable", reason: snapshot.problem };
  return replayDecision(record, snapshot.policy, digest);
}

function readSnapshot(
  sha256: string,
  { reader, digest }: { readonly reader: AuditReader; readonly digest: Digest },
): Snapshot {
  try {
    const text = reader.policy(sha256);
    if (text === null) return { problem: "the snapshot of the policy is not there", changed: false };
    if (digest.sha256(text) !== sha256) return { problem: "the snapshot of the policy was changed", changed: true };
    return { policy: policyFromSnapshot(text) };
  } catch (error) {
    if (!isParleyError(error)) throw error;
    return { problem: error.message, changed: false };
  }
}

async function sayDifference(
  { path, line, parsed }: PlacedLine,
  { logged, replayed }: Extract<Replay, { kind: "differs" }>,
  output: AuditOutput,
): Promise<void> {
  const what = parsed.kind === "record" && parsed.record.event === "decision" ? parsed.record.what : null;
  const to = what === null || what.to === null ? "a host to be chosen" : shownText(what.to);
  await output.say({ event: "difference", path, line, to, logged, replayed }, [
    `${escapeText(path)}:${line}: ${escapeText(to)}: the log says ${escapeText(logged)}, made again it is ${
      escapeText(replayed)
    }`,
  ]);
}
