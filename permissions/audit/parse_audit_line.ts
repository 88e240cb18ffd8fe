/** Reads a line of the audit log again. Lines come from a file, so nothing in them is taken for granted. */
import * as v from "valibot";
import { objectWith } from "../bare_schema.ts";
import { refuseDangerousKeys } from "../../core/dictionary.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ContextState } from "../decision.ts";
import type { Descriptor } from "../descriptor.ts";
import type { OriginKind, RequesterEvidence, RequesterRole } from "../requester.ts";
import { AUDIT_SCHEMA, type AuditEntry, type AuditRecord, MAX_LINE_BYTES, type RecordHead } from "./audit_record.ts";

/** What a line turned out to be. */
export type ParsedLine =
  | { readonly kind: "record"; readonly record: AuditRecord }
  /** Part of the log's chain, perhaps; but not to be understood. */
  | { readonly kind: "problem"; readonly problem: string; readonly head: RecordHead | null };

/** The keys of a record of every value that a type has: one more in the type does not compile. */
function names<Name extends string>(every: Readonly<Record<Name, true>>): v.PicklistSchema<Name[], undefined> {
  return v.picklist(Object.keys(every) as Name[]);
}

const COUNT = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const NUMBER = v.pipe(COUNT, v.minValue(1));
const HEX_64 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const HASHED = v.pipe(v.string(), v.regex(/^#[0-9a-f]{16}$/));
const HASH = v.union([HEX_64, HASHED]);
const TEXT = v.union([v.string(), objectWith({ cut: v.string(), sha256: HEX_64, length: NUMBER })]);
const WORD = v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,40}$/));

const HEAD = objectWith({
  v: v.literal(AUDIT_SCHEMA),
  time: v.pipe(v.string(), v.isoTimestamp()),
  run: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  pid: COUNT,
  seq: NUMBER,
  prev: HEX_64,
});

const WHO = objectWith({
  origin: TEXT,
  kind: names<OriginKind>({ file: true, remote: true, package: true, opaque: true }),
  role: names<RequesterRole>({ program: true, library: true, worker: true, command: true }),
  inside: v.nullable(TEXT),
  evidence: names<RequesterEvidence>({ claimed: true, launcher: true }),
  rememberable: v.boolean(),
  insecure: v.nullable(TEXT),
  main: v.nullable(HEX_64),
});

const WHAT = objectWith({
  feature: names<Descriptor["name"]>({
    "direct-sockets": true,
    listen: true,
    "udp-peers": true,
    "direct-sockets-multicast": true,
  }),
  transport: names<Descriptor["transport"]>({ tcp: true, udp: true, unix: true }),
  to: v.nullable(TEXT),
  port: v.union([v.pipe(COUNT, v.maxValue(65535)), HASHED]),
  tls: v.nullable(objectWith({
    mode: v.picklist(["open", "upgrade"]),
    name: TEXT,
    ca: v.nullable(HASH),
    client: v.nullable(HASH),
    required: v.boolean(),
  })),
  via: v.nullable(objectWith({ protocol: v.picklist(["socks5", "http"]), to: TEXT, remoteDns: v.boolean() })),
  broadcast: v.boolean(),
  source: v.nullable(v.string()),
});

const FACTS = objectWith({
  insecure: v.nullable(TEXT),
  context: names<ContextState>({
    allowed: true,
    worker: true,
    "second-copy": true,
    "not-delegated": true,
    "ambient-off": true,
  }),
  restricted: v.boolean(),
  runtime: v.picklist(["granted", "denied", "prompt"]),
  stored: v.nullable(objectWith({
    effect: v.picklist(["allow", "deny"]),
    lifetime: v.picklist(["run", "always"]),
    id: TEXT,
    changed: v.nullable(TEXT),
  })),
  limited: v.boolean(),
  blocked: v.boolean(),
  timeMs: v.pipe(v.number(), v.finite()),
});

const REQUEST = { who: WHO, what: WHAT, hashed: v.optional(v.boolean(), false) };
const ENTRY = v.variant("event", [
  objectWith({
    event: v.literal("decision"),
    ...REQUEST,
    facts: FACTS,
    policy: HASH,
    decision: v.picklist(["allow", "deny", "ask"]),
    by: v.nullable(WORD),
    rule: v.nullable(TEXT),
    unenforced: v.boolean(),
  }),
  objectWith({ event: v.literal("repeated"), ...REQUEST, of: NUMBER, repeated: NUMBER, by: WORD }),
  objectWith({ event: v.literal("answer"), ...REQUEST, answer: TEXT }),
  objectWith({
    event: v.picklist(["opened", "failed", "closed", "upgraded"]),
    ...REQUEST,
    address: v.nullable(TEXT),
    detail: v.nullable(TEXT),
  }),
  objectWith({ event: v.literal("revoked"), ...REQUEST, reason: TEXT }),
  objectWith({ event: v.literal("policy"), policy: HASH, rules: COUNT, broken: v.array(v.string()) }),
  objectWith({ event: v.literal("end") }),
]);

/**
 * Reads a line of the log. Never throws.
 *
 * @param line The line without its end.
 */
export function parseAuditLine(line: string): ParsedLine {
  if (line.length >= MAX_LINE_BYTES) return problem(`it is longer than ${MAX_LINE_BYTES} bytes`);
  if (/[^\x20-\x7e]/.test(line)) return problem("it is not printable ASCII");
  const value = parseJson(line);
  if (typeof value === "string") return problem(value);
  const head = v.safeParse(HEAD, value.json);
  if (!head.success) return problem("it is no line of this log");
  const { v: _schema, ...known } = head.output;
  const entry = v.safeParse(ENTRY, value.json);
  if (!entry.success) return problem(`it cannot be understood: ${pathOf(entry.issues[0])}`, known);
  return { kind: "record", record: { ...known, ...entry.output satisfies AuditEntry } };
}

function parseJson(line: string): { readonly json: unknown } | string {
  try {
    const json: unknown = JSON.parse(line);
    refuseDangerousKeys(json, "the line");
    return { json };
  } catch (error) {
    return error instanceof ParleyError ? "it has a key that no line has" : "it is not JSON";
  }
}

function problem(text: string, head: RecordHead | null = null): ParsedLine {
  return { kind: "problem", problem: text, head };
}

function pathOf(issue: v.BaseIssue<unknown>): string {
  return v.getDotPath(issue) ?? "event";
}
