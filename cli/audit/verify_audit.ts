/** `parley audit verify`: nothing was taken out of the log, changed or moved in it. */
import { escapeText } from "../../core/escape.ts";
import type { AuditReader, Digest } from "../../permissions/audit/append_log_port.ts";
import { ChainCheck } from "../../permissions/audit/audit_chain.ts";
import type { AuditOutput } from "./audit_output.ts";

/**
 * Proves the chains of the log.
 *
 * @param log The log, and hashes.
 * @param output Where the verdict goes.
 * @returns Whether nothing is wrong.
 */
export async function verifyAudit(
  { reader, digest }: { readonly reader: AuditReader; readonly digest: Digest },
  output: AuditOutput,
): Promise<boolean> {
  const faults: { readonly path: string; readonly line: number; readonly problem: string }[] = [];
  const { olderRemoved } = reader;
  const chain = new ChainCheck(digest, { olderRemoved, onFault: (fault) => faults.push(fault) });
  let found = 0;
  for (const file of reader.files) {
    chain.file(file.path, file.text());
    for (const fault of faults.splice(0)) {
      found++;
      const text = `${escapeText(fault.path)}:${fault.line}: ${escapeText(fault.problem)}`;
      await output.say({ event: "fault", ...fault }, [text]);
    }
  }
  const { lines, runs, ended, begunEarlier } = chain.totals;
  const open = runs - ended;
  await output.say({ event: "verified", faults: found, lines, runs, ended, begunEarlier }, [
    `${counted(lines, "line")} of ${counted(runs, "run")}: ${
      found === 0 ? "nothing is wrong" : counted(found, "fault")
    }.`,
    ...(begunEarlier > 0 ? [`${counted(begunEarlier, "run")} began in files that were removed to make room.`] : []),
    ...(open > 0 ? [`${counted(open, "run")} did not end in order: going on, killed, or without the last lines.`] : []),
  ]);
  return found === 0;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
