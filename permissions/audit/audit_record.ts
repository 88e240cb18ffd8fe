/** What the lines of the audit log hold. */
import type { ContextState } from "../decision.ts";
import type { Descriptor } from "../descriptor.ts";
import type { OriginKind, RequesterEvidence, RequesterRole } from "../requester.ts";
import type { LoggedText } from "./audit_text.ts";

/** Version of the lines. */
export const AUDIT_SCHEMA = 1;
/** Bytes of a line at most, its line feed included: what POSIX systems append in one piece. */
export const MAX_LINE_BYTES = 4096;
/** What stands in the first line of a run instead of a hash. */
export const NO_LINE: string = "0".repeat(64);

/** What every line begins with. */
export interface RecordHead {
  /** When it was written, ISO 8601 in UTC. */
  readonly time: string;
  /** The run of a program that wrote it: 16 hex digits by chance. */
  readonly run: string;
  /** Its process id. */
  readonly pid: number;
  /** Number of the line in the run, from 1. */
  readonly seq: number;
  /** SHA-256 of the run's line before; zeros in its first. */
  readonly prev: string;
}

/** Who asked. */
export interface LoggedRequester {
  /** The origin. */
  readonly origin: LoggedText;
  /** What kind of origin it is. */
  readonly kind: OriginKind;
  /** Which part of the process asked. */
  readonly role: RequesterRole;
  /** The program that a library or a Worker is part of, or null. */
  readonly inside: LoggedText | null;
  /** How the identity was established. */
  readonly evidence: RequesterEvidence;
  /** Whether an answer could be remembered. */
  readonly rememberable: boolean;
  /** Why its code was not to be trusted, or null. */
  readonly insecure: LoggedText | null;
  /** SHA-256 of the main module, or null. */
  readonly main: string | null;
}

/** TLS terms of what was asked for. */
export interface LoggedTls {
  /** From the first byte, or by upgrade. */
  readonly mode: "open" | "upgrade";
  /** The name that the certificate was to have. */
  readonly name: LoggedText;
  /** SHA-256 of the program's own authorities, or null. */
  readonly ca: string | null;
  /** SHA-256 of the client's certificate, or null. */
  readonly client: string | null;
  /** Whether the connection could be used only through TLS. */
  readonly required: boolean;
}

/** The proxy of what was asked for. */
export interface LoggedRoute {
  /** What the proxy speaks. */
  readonly protocol: "socks5" | "http";
  /** Where it is. */
  readonly to: LoggedText;
  /** Whether it looks names up. */
  readonly remoteDns: boolean;
}

/** What was asked for. Texts that begin with `#` are hashes, where destinations are hashed. */
export interface LoggedDescriptor {
  /** The feature. */
  readonly feature: Descriptor["name"];
  /** What carries the bytes. */
  readonly transport: Descriptor["transport"];
  /** The destination, or null where it was left to the operator. */
  readonly to: LoggedText | null;
  /** The port. */
  readonly port: number | string;
  /** TLS terms, or null. */
  readonly tls: LoggedTls | null;
  /** The proxy, or null. */
  readonly via: LoggedRoute | null;
  /** Whether every machine on a network receives it. */
  readonly broadcast: boolean;
  /** The one sender of a group to be heard, or null. */
  readonly source: string | null;
}

/** What a decision was made from besides the policy. */
export interface LoggedFacts {
  /** Why the program's code was not to be trusted, or null. */
  readonly insecure: LoggedText | null;
  /** Where the request came from. */
  readonly context: ContextState;
  /** Whether the program had given it up. */
  readonly restricted: boolean;
  /** What the runtime's own permissions said. */
  readonly runtime: "granted" | "denied" | "prompt";
  /** What had been answered earlier, or null. */
  readonly stored: {
    readonly effect: "allow" | "deny";
    readonly lifetime: "run" | "always";
    readonly id: LoggedText;
    readonly changed: LoggedText | null;
  } | null;
  /** Whether there were too many attempts. */
  readonly limited: boolean;
  /** Whether the question was dismissed too often. */
  readonly blocked: boolean;
  /** What time it was, in ms since 1970. */
  readonly timeMs: number;
}

/** Who asked for what, in most lines. */
export interface LoggedRequest {
  /** Who. */
  readonly who: LoggedRequester;
  /** For what. */
  readonly what: LoggedDescriptor;
  /** Whether destinations are hashed. */
  readonly hashed: boolean;
}

/** A decision. */
export interface DecisionEntry extends LoggedRequest {
  /** What happened. */
  readonly event: "decision";
  /** What it was made from. */
  readonly facts: LoggedFacts;
  /** Fingerprint of the policy that held. */
  readonly policy: string;
  /** What was decided. */
  readonly decision: "allow" | "deny" | "ask";
  /** What decided, or null for a question. */
  readonly by: string | null;
  /** The rule that decided, or null. */
  readonly rule: LoggedText | null;
  /** Whether it was let through all the same. */
  readonly unenforced: boolean;
}

/** The same refusal again, counted. */
export interface RepeatedEntry extends LoggedRequest {
  /** What happened. */
  readonly event: "repeated";
  /** Number of the line that has the refusal in full. */
  readonly of: number;
  /** How often it came again since the last line about it. */
  readonly repeated: number;
  /** What refused. */
  readonly by: string;
}

/** An answer of the operator. */
export interface AnswerEntry extends LoggedRequest {
  /** What happened. */
  readonly event: "answer";
  /** `once`, `run`, `always`, or why there was no permission. */
  readonly answer: LoggedText;
}

/** What became of an approval. */
export interface UseEntry extends LoggedRequest {
  /** What happened. */
  readonly event: "opened" | "failed" | "closed" | "upgraded";
  /** The far address, or null. */
  readonly address: LoggedText | null;
  /** How it is protected, or why it failed. */
  readonly detail: LoggedText | null;
}

/** An approval that was taken back. */
export interface RevokedEntry extends LoggedRequest {
  /** What happened. */
  readonly event: "revoked";
  /** Why. */
  readonly reason: LoggedText;
}

/** The policy that holds from this line on. */
export interface PolicyEntry {
  /** What happened. */
  readonly event: "policy";
  /** Its fingerprint. */
  readonly policy: string;
  /** How many rules it has. */
  readonly rules: number;
  /** Authors of whom a file was not valid. */
  readonly broken: readonly string[];
}

/** The run ended in order. */
export interface EndEntry {
  /** What happened. */
  readonly event: "end";
}

/** What a line says. */
export type AuditEntry =
  | DecisionEntry
  | RepeatedEntry
  | AnswerEntry
  | UseEntry
  | RevokedEntry
  | PolicyEntry
  | EndEntry;

/** A line that was understood. */
export type AuditRecord = RecordHead & AuditEntry;
