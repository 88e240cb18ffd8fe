/** `parley audit`: what was decided on this machine for this user, by whom, and whether the log of it is whole. */
import { ParleyError } from "../../core/errors.ts";
import type { AuditPlace } from "../../permissions/audit/append_log_port.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Host } from "../../runtime/host.ts";
import { AuditOutput } from "../audit/audit_output.ts";
import { type AuditPlan, readAuditPlan } from "../audit/audit_plan.ts";
import { replayAudit } from "../audit/replay_audit.ts";
import { showAudit } from "../audit/show_audit.ts";
import { verifyAudit } from "../audit/verify_audit.ts";
import type { Command, Invocation } from "../command.ts";
import { createPaint } from "../paint.ts";

/** The verb. */
export const auditCommand: Command = Object.freeze({
  name: "audit",
  summary: "Show the log of decisions, prove that it is whole, or decide everything again",
  usage: "audit show|verify|replay [OPTIONS]",
  description:
    "Every request, what decided it, what the operator answered and what came of it stands in XDG_STATE_HOME (by default " +
    "~/.local/state), in parley/audit.jsonl and up to five older files. With show it is a table; verify proves by the hashes in " +
    "the lines that none was removed, changed or moved; replay makes each decision again from its line and the policy that held. " +
    "The last two exit with 65 when something is wrong. Whoever can write the files can write them anew: the hashes show " +
    "accidents and careless hands, not a thief with time. With --json standard output is one object a line.",
  options: Object.freeze<Command["options"]>({
    since: { type: "string" },
    origin: { type: "string" },
    denied: { type: "boolean" },
  }),
  help: [
    { usage: "--since TIME", text: "Show what is not older: 90s, 30m, 2h, 7d, or a date such as 2026-01-31 (UTC)." },
    { usage: "--origin PROGRAM", text: "Show one program: its path, or its origin such as npm:mqtt." },
    { usage: "--denied", text: "Show refusals only." },
  ],
  examples: [
    "parley audit show --since 2h",
    "parley audit show --denied --origin /home/me/main.ts",
    "parley audit show --json | jq 'select(.event == \"failed\").what.to'",
    "parley audit verify && parley audit replay",
  ],
  run: async (invocation: Invocation): Promise<number> => {
    const host = await autoHost();
    return await runAudit(invocation, { ...host, ...host.state });
  },
});

const DATA = 65;

/** What the command needs of a runtime. */
export interface AuditSurroundings extends Pick<Host, "clock" | "launch"> {
  /** Where the log is; absent on a host that reaches nothing real. */
  readonly audit?: AuditPlace;
}

/**
 * Runs the command.
 *
 * @param invocation What was typed.
 * @param surroundings The runtime.
 * @throws {ParleyError} `ARG_INVALID`, or `CONFIG_INVALID` where there is no log to be trusted.
 */
export async function runAudit(
  { host, args, messages }: Invocation,
  { audit, clock, launch }: AuditSurroundings,
): Promise<number> {
  const plan = readAuditPlan(args, clock.nowMs());
  if (audit === undefined) throw new ParleyError("CONFIG_INVALID", "Cannot read the audit log: there is none here");
  const output = new AuditOutput(host, messages, plan.json);
  const plain = !host.stdoutIsTerminal || launch.env("TERM") === "dumb" || Boolean(launch.env("NO_COLOR"));
  const table = { columns: host.columns(), paint: createPaint(!plain) };
  const reader = audit.reader();
  try {
    const isRight = await carryOut(plan, { reader, digest: audit.digest, output, table });
    await output.flush();
    return isRight ? 0 : DATA;
  } finally {
    reader.close();
  }
}

async function carryOut(
  { task, filter }: AuditPlan,
  { output, table, ...log }: Pick<AuditPlace, "digest"> & {
    readonly reader: ReturnType<AuditPlace["reader"]>;
    readonly output: AuditOutput;
    readonly table: Parameters<typeof showAudit>[2]["table"];
  },
): Promise<boolean> {
  switch (task) {
    case "show":
      await showAudit(log.reader, filter, { output, table });
      return true;
    case "verify":
      return await verifyAudit(log, output);
    case "replay":
      return await replayAudit(log, output);
  }
}
