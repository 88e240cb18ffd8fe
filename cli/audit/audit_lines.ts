/** The lines of the log, one after another, with the places they stand at. */
import type { AuditReader } from "../../permissions/audit/append_log_port.ts";
import type { AuditRecord } from "../../permissions/audit/audit_record.ts";
import { parseAuditLine, type ParsedLine } from "../../permissions/audit/parse_audit_line.ts";
import { type LoggedText, shownText } from "../../permissions/audit/audit_text.ts";
import type { AuditFilter } from "./audit_plan.ts";

/** A line, and where it stands. */
export interface PlacedLine {
  /** The file. */
  readonly path: string;
  /** The line in it, from 1. */
  readonly line: number;
  /** The line itself. */
  readonly text: string;
  /** What it turned out to be. */
  readonly parsed: ParsedLine;
}

/**
 * Reads the log from its oldest line to its newest. A last line that is not ended is left out: it is being written, or never
 * will be.
 *
 * @param reader The log.
 */
export function* auditLines(reader: AuditReader): Generator<PlacedLine> {
  for (const file of reader.files) {
    const texts = file.text().split("\n").slice(0, -1);
    for (const [index, text] of texts.entries()) {
      if (text !== "") yield { path: file.path, line: index + 1, text, parsed: parseAuditLine(text) };
    }
  }
}

/** Whether a line is to be shown. */
export function isWanted(record: AuditRecord, { sinceMs, origin, denied }: AuditFilter): boolean {
  if (sinceMs !== null && Date.parse(record.time) < sinceMs) return false;
  if (denied && !isDenial(record)) return false;
  if (origin === null) return true;
  if (!("who" in record)) return false;
  const { who: { origin: own, inside } } = record;
  return isOrigin(own, origin) || (inside !== null && isOrigin(inside, origin));
}

/** The origin as such, or a program by its path. */
function isOrigin(logged: LoggedText, wanted: string): boolean {
  const text = shownText(logged);
  return text === wanted || pathOf(text) === wanted;
}

/** A file by its path, anything else as it is. What cannot be decoded stays as it is. Not escaped. */
export function pathOf(origin: string): string {
  if (!origin.startsWith("file://")) return origin;
  const path = origin.slice("file://".length);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Whether a line tells of something that was not let be. */
function isDenial(record: AuditRecord): boolean {
  switch (record.event) {
    case "decision":
      return record.decision === "deny";
    case "repeated":
      return true;
    case "answer":
      return !["once", "run", "always"].includes(shownText(record.answer));
    default:
      return false;
  }
}
