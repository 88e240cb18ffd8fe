/** What `parley audit` was asked for. */
import { ParleyError } from "../../core/errors.ts";
import type { ParsedArguments } from "../../runtime/command.ts";
import { flagOption, textOption } from "../command.ts";

/** Which lines are shown. */
export interface AuditFilter {
  /** Milliseconds since 1970 from which on, or null. */
  readonly sinceMs: number | null;
  /** The origin, or the path of a program; or null for all. */
  readonly origin: string | null;
  /** Whether only refusals are. */
  readonly denied: boolean;
}

/** One run of the command. */
export interface AuditPlan {
  /** What is done with the log. */
  readonly task: "show" | "verify" | "replay";
  /** Whether programs read along. */
  readonly json: boolean;
  /** What is shown. */
  readonly filter: AuditFilter;
}

const TASKS: readonly AuditPlan["task"][] = ["show", "verify", "replay"];
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const AGO = /^([1-9][0-9]{0,5})([smhd])$/;
/** Dates alone mean their first moment in UTC, as the log has it. */
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?Z?)?$/;

/**
 * Reads the arguments.
 *
 * @param args What was typed.
 * @param nowMs What time it is, in ms since 1970.
 * @throws {ParleyError} `ARG_INVALID`.
 */
export function readAuditPlan(args: ParsedArguments, nowMs: number): AuditPlan {
  const [word, ...more] = args.positionals;
  const task = TASKS.find((one) => one === word);
  if (task === undefined || more.length > 0) throw usage("say one of show, verify and replay");
  const since = textOption(args, "since");
  const filter = {
    sinceMs: since === null ? null : readSince(since, nowMs),
    origin: textOption(args, "origin"),
    denied: flagOption(args, "denied"),
  };
  if (task !== "show" && (since !== null || filter.origin !== null || filter.denied)) {
    throw usage("--since, --origin and --denied choose what is shown; all of the log is looked at otherwise");
  }
  return Object.freeze({ task, json: flagOption(args, "json"), filter: Object.freeze(filter) });
}

function readSince(text: string, nowMs: number): number {
  const [, count, unit = ""] = AGO.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (UNIT_MS.get(unit) ?? 0);
  const utc = text.includes(":") && !text.endsWith("Z") ? `${text}Z` : text;
  const atMs = DATE.test(text) ? Date.parse(utc.replace(" ", "T")) : NaN;
  if (!Number.isFinite(atMs)) throw usage("--since takes how long ago (90s, 30m, 2h, 7d) or a date (2026-01-31, UTC)");
  return atMs;
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot read the audit log: ${what}; see parley audit --help`);
}
