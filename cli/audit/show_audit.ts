/** `parley audit show`: what was decided and what came of it, for people; or the lines themselves. */
import type { AuditReader } from "../../permissions/audit/append_log_port.ts";
import { auditLines, isWanted } from "./audit_lines.ts";
import type { AuditOutput } from "./audit_output.ts";
import type { AuditFilter } from "./audit_plan.ts";
import { auditHeader, auditRow, type AuditTableOptions } from "./audit_table.ts";

/**
 * Shows the log.
 *
 * @param reader The log.
 * @param filter Which lines.
 * @param how Where they go, and how they are drawn.
 */
export async function showAudit(
  reader: AuditReader,
  filter: AuditFilter,
  { output, table }: { readonly output: AuditOutput; readonly table: AuditTableOptions },
): Promise<void> {
  let shown = 0;
  let foreign = 0;
  for (const { parsed, text } of auditLines(reader)) {
    if (parsed.kind === "problem") foreign++;
    else if (isWanted(parsed.record, filter)) {
      if (shown++ === 0) await output.lines(auditHeader(table));
      await output.line(text, () => auditRow(parsed.record, table));
    }
  }
  if (shown === 0) await output.lines(["Nothing of the kind is in the audit log."]);
  if (foreign === 0) return;
  const lines = foreign === 1 ? "1 line" : `${foreign} lines`;
  output.warn(`${lines} of the audit log cannot be understood; see parley audit verify`);
}
