/**
 * A remembered answer as text, schema version 1: what is written is what was asked, canonical throughout, and what is read
 * counts only if the key that it comes to is the one it names, under the name that belongs to it.
 */
import * as v from "valibot";
import { bareJson, strictObject } from "../bare_schema.ts";
import { formatDestination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { decisionKey } from "../decision_key.ts";
import { connectDescriptor, type Descriptor } from "../descriptor.ts";
import { featureOfScheme } from "../feature.ts";
import { type CodeHash, insideOf, type OriginKind, type Requester, type RequesterEvidence } from "../requester.ts";

/** The code that an approval was given to, as the launcher, or else the process itself, read it (CON-18). */
export interface ApprovedCode {
  /** SHA-256 of the main module, or null where nobody read it. */
  readonly main: string | null;
  /** SHA-256 of the lockfile, or null. */
  readonly lock: string | null;
  /** Every local module of the import graph. */
  readonly modules: readonly CodeHash[];
}

/** A remembered answer. Frozen. */
export interface GrantRecord {
  /** Identifier of this decision; a later one about the same request has another. */
  readonly id: string;
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** Who asked: the part of a requester that the key is made of. */
  readonly requester: Pick<Requester, "origin" | "kind" | "inside" | "evidence">;
  /** For what. */
  readonly descriptor: Descriptor;
  /** Canonical text of both. */
  readonly key: string;
  /** The code, where somebody read it; else null. */
  readonly code: ApprovedCode | null;
  /** How it was given: as the answer to a question, or by the operator's own command. */
  readonly by: "prompt" | "command";
  /** When, in ms since 1970. */
  readonly createdMs: number;
  /** The operator's words, or null. */
  readonly note: string | null;
}

/** Version of the text. */
const VERSION = 1;

const SHA256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const TLS = strictObject({
  mode: v.picklist(["open", "upgrade"]),
  serverName: v.string(),
  caSha256: v.nullable(SHA256),
  clientCertSha256: v.nullable(SHA256),
  required: v.boolean(),
});
const VIA = strictObject({
  protocol: v.picklist(["socks5", "http"]),
  destination: v.string(),
  remoteDns: v.boolean(),
});
const CODE = strictObject({
  main: v.nullable(SHA256),
  lock: v.nullable(SHA256),
  modules: v.array(strictObject({ url: v.string(), sha256: SHA256 })),
});
const RECORD = strictObject({
  version: v.literal(VERSION),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/)),
  effect: v.picklist(["allow", "deny"]),
  lifetime: v.literal("always"),
  origin: v.pipe(v.string(), v.nonEmpty()),
  kind: v.picklist<readonly OriginKind[]>(["file", "remote", "package"]),
  inside: v.nullable(v.string()),
  evidence: v.picklist<readonly RequesterEvidence[]>(["claimed", "launcher"]),
  feature: v.string(),
  destination: v.string(),
  transport: v.picklist(["tcp", "udp", "unix"]),
  tls: v.nullable(TLS),
  via: v.nullable(VIA),
  broadcast: v.boolean(),
  source: v.nullable(v.string()),
  key: v.string(),
  code: v.nullable(CODE),
  pinned: v.boolean(),
  by: v.picklist(["prompt", "command"]),
  created: v.pipe(v.string(), v.isoTimestamp()),
  note: v.nullable(v.string()),
});

type RecordText = v.InferOutput<typeof RECORD>;

/**
 * The text of a remembered answer.
 *
 * @throws {ParleyError} `INTERNAL_INVARIANT` for a request without a destination.
 */
export function formatGrantRecord(record: GrantRecord): string {
  const { requester, descriptor, code } = record;
  const { destination, transport, tls, name } = descriptor;
  if (destination === null) throw new ParleyError("INTERNAL_INVARIANT", "Cannot remember it: it has no destination");
  const connects = name === "direct-sockets" ? descriptor : null;
  const via = connects?.via ?? null;
  const text: RecordText = {
    version: VERSION,
    id: record.id,
    effect: record.effect,
    lifetime: "always",
    origin: requester.origin,
    kind: requester.kind,
    inside: insideOf(requester),
    evidence: requester.evidence,
    feature: name,
    destination: formatDestination(destination),
    transport,
    tls: tls === null ? null : {
      mode: tls.mode,
      serverName: tls.serverName,
      caSha256: tls.caSha256,
      clientCertSha256: tls.clientCertSha256,
      required: tls.required,
    },
    via: via === null ? null : {
      protocol: via.protocol,
      destination: formatDestination(via.destination),
      remoteDns: via.remoteDns,
    },
    broadcast: connects?.broadcast ?? false,
    source: name === "direct-sockets-multicast" ? descriptor.source : null,
    key: record.key,
    code: code === null ? null : {
      main: code.main,
      lock: code.lock,
      modules: code.modules.map(({ url, sha256 }) => ({ url, sha256 })),
    },
    pinned: isPinned(record),
    by: record.by,
    created: new Date(record.createdMs).toISOString(),
    note: record.note,
  };
  return `${JSON.stringify(text, null, 1)}\n`;
}

/**
 * Reads a remembered answer.
 *
 * @param text The text.
 * @returns The answer; or what is wrong, in words for the operator, unescaped. Never throws.
 */
export function parseGrantRecord(text: string): GrantRecord | { readonly problem: string } {
  try {
    const parsedJson = parseJson(text);
    if (parsedJson === undefined) {
      return { problem: text.trim() === "" ? "it is empty" : "it is not JSON, or not all of it" };
    }
    const value = bareJson(parsedJson, "it");
    const version = (value as { readonly version?: unknown } | null)?.version;
    if (typeof version === "number" && version > VERSION) {
      return { problem: `a newer Parley wrote it (version ${version}; this one knows ${VERSION})` };
    }
    const parsed = v.safeParse(RECORD, value, { abortEarly: true });
    if (!parsed.success) return { problem: schemaProblem(parsed.issues[0]) };
    return recordOf(parsed.output);
  } catch (error) {
    return { problem: error instanceof ParleyError ? error.message : "it is not valid" };
  }
}

/** Whether somebody outside the process vouches that it is the code that the approval was given to (CON-18). */
export function isPinned({ requester, code }: Pick<GrantRecord, "requester" | "code">): boolean {
  return requester.evidence === "launcher" && code !== null && code.main !== null;
}

/** What of a requester a remembered answer keeps. */
export function keyedRequester(requester: GrantRecord["requester"]): GrantRecord["requester"] {
  const { origin, kind, evidence } = requester;
  const inside = insideOf(requester);
  return Object.freeze({ __proto__: null, origin, kind, evidence, ...(inside === null ? {} : { inside }) });
}

/** The code of a requester, or null where nobody read it. */
export function approvedCode({ mainSha256, lockSha256, modules }: Requester): ApprovedCode | null {
  const unread = mainSha256 === null && lockSha256 === null && modules.length === 0;
  return unread ? null : { main: mainSha256, lock: lockSha256, modules };
}

function recordOf(text: RecordText): GrantRecord | { readonly problem: string } {
  const descriptor = descriptorOf(text);
  if (descriptor === null) return { problem: "its parts do not go together" };
  const { id, effect, origin, kind, evidence, code, by, note } = text;
  const requester = keyedRequester({
    origin,
    kind,
    evidence,
    ...(text.inside === null ? {} : { inside: text.inside }),
  });
  const key = decisionKey(requester as Requester, descriptor);
  if (key !== text.key) return { problem: "its parts do not come to its key" };
  const createdMs = Date.parse(text.created);
  const record: GrantRecord = Object.freeze({ id, effect, requester, descriptor, key, code, by, createdMs, note });
  return isPinned(record) === text.pinned ? record : { problem: "it is not what it says about the code" };
}

/** The request, or null where its parts do not go together. */
function descriptorOf(text: RecordText): Descriptor | null {
  const destination = parseDestination(text.destination);
  const { transport, broadcast, source, tls } = text;
  const { port, scheme } = destination;
  const name = featureOfScheme(scheme);
  if (formatDestination(destination) !== text.destination || name !== text.feature) return null;
  if (name === "direct-sockets") {
    const via = text.via === null ? null : { ...text.via, destination: parseDestination(text.via.destination) };
    return source === null ? connectDescriptor({ destination, port, transport, tls, via, broadcast }) : null;
  }
  if (broadcast || text.via !== null || tls !== null) return null;
  const common = { destination, port, tls: null };
  if (name === "listen" && source === null) return Object.freeze({ __proto__: null, name, transport, ...common });
  if (name !== "direct-sockets-multicast" || transport !== "udp") return null;
  return Object.freeze({ __proto__: null, name, transport, source, ...common });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function schemaProblem(issue: v.BaseIssue<unknown>): string {
  const where = v.getDotPath(issue);
  if (issue.expected === "never") return `it has a member that this Parley does not know: ${where}`;
  return where === null ? "it is not a remembered answer" : `its member ${where} is missing or not valid`;
}
