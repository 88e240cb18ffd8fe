/** The audit log for people. Everything in it is escaped; nothing is cut off that the log holds. */
import { escapeText } from "../../core/escape.ts";
import type { AuditRecord, LoggedDescriptor, LoggedRequester } from "../../permissions/audit/audit_record.ts";
import { type LoggedText, shownText } from "../../permissions/audit/audit_text.ts";
import { columnsOf, wrapText } from "../../permissions/terminal/text_layout.ts";
import type { Paint } from "../paint.ts";
import { pathOf } from "./audit_lines.ts";

/** How the table is drawn. */
export interface AuditTableOptions {
  /** Width in columns. */
  readonly columns: number;
  /** Colours. */
  readonly paint: Paint;
}

/** A row: what happened, to what, and the rest in words. */
interface Row {
  readonly outcome: string;
  readonly what: string;
  readonly details: readonly string[];
  readonly isBad: boolean;
}

const TIME_WIDTH = 19;
const OUTCOME_WIDTH = 12;
const INDENT = "  ";
/** Narrower than this the rows are broken after the time. */
const MIN_COLUMNS = TIME_WIDTH + 1 + OUTCOME_WIDTH + 1 + 24;

/** The headings. */
export function auditHeader({ columns, paint }: AuditTableOptions): string[] {
  if (columns < MIN_COLUMNS) return [paint.faint("TIME (UTC)")];
  return [paint.faint(`${"TIME (UTC)".padEnd(TIME_WIDTH)} ${"OUTCOME".padEnd(OUTCOME_WIDTH)} WHAT`)];
}

/** One line of the log, as several of the table. */
export function auditRow(record: AuditRecord, options: AuditTableOptions): string[] {
  const { outcome, what, details, isBad } = rowOf(record);
  const width = Math.max(20, options.columns - 1);
  const time = record.time.slice(0, TIME_WIDTH).replace("T", " ");
  const painted = isBad ? options.paint.bad(outcome) : outcome;
  const padding = " ".repeat(Math.max(0, OUTCOME_WIDTH - columnsOf(outcome)));
  const first = `${time} ${painted}${padding} `;
  const used = TIME_WIDTH + 2 + Math.max(OUTCOME_WIDTH, columnsOf(outcome));
  const fits = options.columns >= MIN_COLUMNS && used + columnsOf(what) <= width;
  const rest = [...(fits || what === "" ? [] : [what]), details.filter((text) => text !== "").join(", ")];
  return [
    `${first}${fits ? what : ""}`.trimEnd(),
    ...rest.filter((text) => text !== "").flatMap((text) => wrapText(text, width - INDENT.length)).map((line) =>
      INDENT + line
    ),
  ];
}

function rowOf(record: AuditRecord): Row {
  if (record.event === "policy") {
    const broken = record.broken.length === 0 ? "" : `a file is not valid: ${shown(record.broken.join(", "))}`;
    const rules = record.rules === 1 ? "1 rule" : `${record.rules} rules`;
    return {
      outcome: "policy",
      what: `${rules}, ${record.policy.slice(0, 16)}`,
      details: [broken, `process ${record.pid}`],
      isBad: broken !== "",
    };
  }
  if (record.event === "end") return { outcome: "ended", what: "", details: [`process ${record.pid}`], isBad: false };
  const { outcome, details, isBad } = outcomeOf(record);
  return { outcome, what: whatText(record.what), details: [...details, whoText(record.who, record.pid)], isBad };
}

type Asked = Exclude<AuditRecord, { readonly event: "policy" | "end" }>;

function outcomeOf(record: Asked): Omit<Row, "what"> {
  const { what } = record;
  const clear = isClear(what) ? "NOT ENCRYPTED" : "";
  switch (record.event) {
    case "decision":
      return decisionOutcome(record, clear);
    case "repeated":
      return { outcome: "refused", details: [`${record.repeated} times more`, `by ${record.by}`], isBad: true };
    case "answer": {
      const yes = ["once", "run", "always"].includes(shownText(record.answer));
      return { outcome: yes ? "answered" : "not approved", details: [shown(record.answer)], isBad: !yes };
    }
    case "revoked":
      return { outcome: "taken back", details: [shown(record.reason)], isBad: false };
    default: {
      const address = record.address === null ? "" : shown(record.address);
      const detail = record.detail === null ? "" : shown(record.detail);
      const again = detail.includes("NOT ENCRYPTED") || record.event !== "opened" ? "" : clear;
      return { outcome: record.event, details: [address, detail, again], isBad: record.event === "failed" };
    }
  }
}

function decisionOutcome(record: Extract<Asked, { event: "decision" }>, clear: string): Omit<Row, "what"> {
  const { decision, by, rule, unenforced, who } = record;
  const outcome = decision === "allow" ? "approved" : decision === "deny" ? "refused" : "asked";
  const source = by === null ? "" : `by ${by}${rule === null ? "" : ` (${shown(rule)})`}`;
  const insecure = by === "insecure" && who.insecure !== null ? shown(who.insecure) : "";
  const watched = unenforced ? "NOT ENFORCED, the policy only watches" : "";
  const details = [source, insecure, watched, decision === "deny" ? "" : clear];
  return { outcome, details, isBad: decision === "deny" && !unenforced };
}

/** Whether bytes or datagrams pass as they are, as far as Parley knows (NET-18). */
function isClear({ feature, transport, tls, to }: LoggedDescriptor): boolean {
  if (feature !== "direct-sockets" || transport === "unix") return false;
  return tls?.mode !== "open" && !(to !== null && shownText(to).startsWith("tls://"));
}

function whatText({ feature, transport, to, port, tls, via, source }: LoggedDescriptor): string {
  const where = to === null ? `${transport} port ${shown(String(port))} of a host to be chosen` : shown(to);
  const name = tls === null || to === null || shownText(to).includes(`/${shownText(tls.name)}:`)
    ? ""
    : `, TLS for ${shown(tls.name)}`;
  const route = via === null ? "" : `, by way of ${shown(via.to)}`;
  const from = source === null ? "" : `, from ${shown(source)}`;
  // The scheme says what is done there.
  const kind = feature === "direct-sockets" || to !== null ? "" : `${feature} `;
  return `${kind}${where}${name}${route}${from}`;
}

function whoText({ origin, inside, role }: LoggedRequester, pid: number): string {
  const name = escapeText(pathOf(shownText(origin)), { maxLength: Infinity });
  const whole = inside === null ? "" : ` in ${escapeText(pathOf(shownText(inside)), { maxLength: Infinity })}`;
  const part = role === "worker" ? "a Worker of " : "";
  return `for ${part}${name}${whole} (process ${pid})`;
}

function shown(text: LoggedText): string {
  return escapeText(shownText(text), { maxLength: Infinity });
}
