/** The text of one policy file made into rules and settings, or into everything that is wrong with it, each with its place. */
import type { AttemptLimitSettings } from "../attempt_limits.ts";
import type { PolicySettings } from "../policy.ts";
import type { Rule, RuleAuthor } from "../rule.ts";
import {
  type Finding,
  foreignSettingsIn,
  obstacleIn,
  placeName,
  schemaIssuesIn,
  unknownKeysIn,
} from "./document_checks.ts";
import { type JsonDocument, type JsonProblem, readJson } from "./json_document.ts";
import type { WrittenPolicy, WrittenRule } from "./policy_schema.ts";
import { rulesOf } from "./written_rule.ts";

/** What one file settles; what it says nothing about is absent. */
export interface StatedSettings extends Partial<Omit<PolicySettings, "limits">> {
  /** The limits that it names. */
  readonly limits?: Partial<AttemptLimitSettings>;
}

/** Something that is wrong with a file. */
export interface PolicyProblem {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, in UTF-16 units. */
  readonly column: number;
  /** What, in words that follow a colon. Not escaped yet. */
  readonly reason: string;
}

/** A file, read. With a problem it has neither rules nor settings. */
export interface PolicyDocument {
  /** The rules, in the order of the file. */
  readonly rules: readonly Rule[];
  /** What it settles. */
  readonly settings: StatedSettings;
  /** The first {@linkcode MAX_PROBLEMS} things that are wrong with it, in its order. */
  readonly problems: readonly PolicyProblem[];
  /** How many more there are. */
  readonly furtherProblems: number;
}

/** Bytes of the largest file. */
export const MAX_POLICY_BYTES: number = 1024 * 1024;
/** Problems of one file that are told one by one. */
export const MAX_PROBLEMS = 20;

const { freeze } = Object;
const { isArray } = Array;

/**
 * Reads a policy file.
 *
 * @param text Its text. One byte order mark at the beginning is no part of it.
 * @param file Who wrote it, and its name without folders, from which rules have their names: `policy.json#3`.
 * @returns What it says. Never throws, whatever the text.
 */
export function readPolicy(
  text: string,
  file: { readonly author: RuleAuthor; readonly name: string },
): PolicyDocument {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (plain.length > MAX_POLICY_BYTES) return refused("", [{ offset: 0, reason: "it has more than 1 MiB" }]);
  const json = readJson(plain);
  if (json.problems.length > 0) return refused(plain, json.problems);
  const obstacle = obstacleIn(json.value);
  if (obstacle !== null) return refused(plain, [locate(json, obstacle)]);
  const form = [...unknownKeysIn(json.value), ...schemaIssuesIn(json.value)];
  const made = rulesIn(json.value, { ...file, form });
  const findings = [...form, ...foreignSettingsIn(json.value, file.author), ...made.findings];
  if (findings.length > 0) return refused(plain, findings.map((finding) => locate(json, finding)));
  const settings = settingsIn(json.value as WrittenPolicy);
  return freeze({ rules: made.rules, settings, problems: [], furtherProblems: 0 });
}

/** The rules of the file. Those with a form of their own are passed over: what is wrong with them is known. */
function rulesIn(
  value: unknown,
  { author, name, form }: { readonly author: RuleAuthor; readonly name: string; readonly form: readonly Finding[] },
): { readonly rules: readonly Rule[]; readonly findings: readonly Finding[] } {
  const written = (value as { readonly rules?: unknown } | null)?.rules;
  if (!isArray(written)) return { rules: [], findings: [] };
  const flawed = new Set(form.map(({ path }) => path[0] === "rules" ? path[1] : null));
  const rules: Rule[] = [];
  const findings: Finding[] = [];
  for (const [index, one] of written.entries()) {
    if (flawed.has(index)) continue;
    const made = rulesOf(one as WrittenRule, { author, id: `${name}#${index + 1}` });
    for (const rule of made.rules) rules.push(rule);
    for (const { path, reason } of made.problems) {
      findings.push({ path: ["rules", index, ...path], part: "value", reason });
    }
  }
  return { rules: freeze(rules), findings };
}

function settingsIn(written: WrittenPolicy): StatedSettings {
  const { prompt, locked, ambient, audit, auditDestinations, auditOnly, limits } = written;
  return freeze({
    __proto__: null as never,
    ...(prompt === undefined ? {} : { prompt: prompt === "allowed" }),
    ...(locked === undefined ? {} : { locked }),
    ...(ambient === undefined ? {} : { ambient }),
    ...(audit === undefined ? {} : { audit }),
    ...(auditDestinations === undefined ? {} : { auditDestinations }),
    ...(auditOnly === undefined ? {} : { auditOnly }),
    ...(written.private === undefined ? {} : { privateMode: written.private }),
    ...(limits === undefined ? {} : { limits }),
  });
}

function locate(json: JsonDocument, { path, part, reason }: Finding): JsonProblem {
  return { offset: json.offsetOf(path, part), reason: `${placeName(path)}: ${reason}` };
}

function refused(text: string, problems: readonly JsonProblem[]): PolicyDocument {
  const sorted = [...problems].sort((left, right) => left.offset - right.offset);
  const told = sorted.slice(0, MAX_PROBLEMS).map(({ offset, reason }) => freeze({ ...placeIn(text, offset), reason }));
  return freeze({ rules: [], settings: {}, problems: told, furtherProblems: sorted.length - told.length });
}

/** A line ends with LF, CR LF or CR, as for the parser. */
function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
