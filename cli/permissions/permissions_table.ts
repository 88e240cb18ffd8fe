/**
 * The table of remembered answers, by program. Nothing is cut off: what is too wide for a line goes on in the next.
 */
import { escapeText } from "../../core/escape.ts";
import type { BrokenRecord, RememberedDecision } from "../../permissions/store/file_store.ts";
import { isPinned } from "../../permissions/store/grant_record.ts";
import { columnsOf, wrapText } from "../../permissions/terminal/text_layout.ts";
import type { Paint } from "../paint.ts";
import { programText, termTexts, whereText } from "./request_words.ts";

/** How the table is drawn. */
export interface PermissionsTableOptions {
  /** Width in columns. */
  readonly columns: number;
  /** Colours. */
  readonly paint: Paint;
}

const ID_WIDTH = 12;
const EFFECT_WIDTH = 7;
const DATE_WIDTH = 10;
/** Four blanks between five cells. */
const ROW_WIDTH = ID_WIDTH + EFFECT_WIDTH + 3 * DATE_WIDTH + 4;
const INDENT = "  ";

/** What is remembered, and what is not valid. */
export function permissionsTable(
  { records, broken }: { readonly records: readonly RememberedDecision[]; readonly broken: readonly BrokenRecord[] },
  options: PermissionsTableOptions,
): string[] {
  const width = Math.max(ROW_WIDTH, options.columns - 1);
  const { paint } = options;
  const origins = [...new Set(records.map(({ requester }) => requester.origin))].sort();
  const groups = origins.flatMap((origin) => [
    "",
    ...wrapText(programText(origin), width).map((line) => paint.strong(line)),
    ...records.filter(({ requester }) => requester.origin === origin).flatMap((record) => rows(record, width, paint)),
  ]);
  if (records.length + broken.length === 0) return ["Nothing is remembered."];
  const header = records.length === 0 ? [] : [paint.faint(cells(["ID", "ANSWER", "SINCE", "LAST USED", "EXPIRES"]))];
  return [...header, ...groups, ...brokenRows(broken, width, paint)];
}

function rows(record: RememberedDecision, width: number, paint: Paint): string[] {
  const { id, effect, createdMs, usedMs, expiresMs, descriptor } = record;
  const allowed = effect === "allow";
  const first = cells([id, allowed ? "allowed" : "refused", date(createdMs), date(usedMs), date(expiresMs)]);
  const row = allowed ? first : first.replace("refused", paint.bad("refused"));
  const details = [whereText(descriptor), ...termTexts(descriptor), ...(allowed ? boundTexts(record) : [])].join(", ");
  return [row, ...wrapText(details, width - INDENT.length).map((line) => INDENT + line)];
}

/** What code the approval is for (CON-18). */
function boundTexts(record: RememberedDecision): string[] {
  const bound = isPinned(record)
    ? "pinned to the code that the launcher read"
    : record.code === null
    ? "for whatever code stands there, not pinned"
    : "for the code as it is, not pinned";
  return [bound, ...(record.by === "command" ? ["given by command"] : [])];
}

function brokenRows(broken: readonly BrokenRecord[], width: number, paint: Paint): string[] {
  if (broken.length === 0) return [];
  const heading = "Not valid, so that what they are about is refused:";
  return [
    "",
    ...wrapText(heading, width).map((line) => paint.bad(line)),
    ...broken.flatMap(({ id, problem }) =>
      wrapText(`${id} ${escapeText(problem)}`, width - INDENT.length).map((line) => INDENT + line)
    ),
  ];
}

function cells([id = "", effect = "", since = "", used = "", expires = ""]: readonly string[]): string {
  return [
    pad(id, ID_WIDTH),
    pad(effect, EFFECT_WIDTH),
    pad(since, DATE_WIDTH),
    pad(used, DATE_WIDTH),
    expires,
  ].join(" ");
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columnsOf(text)));
}

function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, DATE_WIDTH);
}
