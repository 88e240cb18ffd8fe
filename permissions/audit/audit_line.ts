/**
 * What happened as one line of the audit log (CON-22): ASCII JSON that always fits. Claims of the program, certificates, keys
 * and what is sent never stand in it.
 */
import { formatDestination } from "../../core/destination.ts";
import type { DecisionFacts } from "../decision.ts";
import type { Descriptor, DirectSocketsDescriptor, TlsClaims } from "../descriptor.ts";
import type { Requester } from "../requester.ts";
import type { Digest } from "./append_log_port.ts";
import type { AuditEvent } from "./audit_port.ts";
import {
  AUDIT_SCHEMA,
  type AuditEntry,
  type EndEntry,
  type LoggedDescriptor,
  type LoggedFacts,
  type LoggedRequest,
  type LoggedRequester,
  type LoggedRoute,
  type LoggedTls,
  MAX_LINE_BYTES,
  type PolicyEntry,
  type RecordHead,
} from "./audit_record.ts";
import type { Redaction } from "./audit_redaction.ts";
import { asciiJson, type LoggedText, loggedText } from "./audit_text.ts";

/** A refusal that came again. */
export interface RepeatedRefusal {
  /** What happened. */
  readonly event: "repeated";
  /** Who asked. */
  readonly requester: Requester;
  /** For what. */
  readonly descriptor: Descriptor;
  /** What refused. */
  readonly by: string;
  /** Number of the line that has it in full. */
  readonly of: number;
  /** How often it came again. */
  readonly repeated: number;
}

/** What a line is made of. */
export type LineEvent = AuditEvent | RepeatedRefusal | PolicyEntry | EndEntry;

/** How lines are made. */
export interface LineOptions {
  /** Hashes. */
  readonly digest: Digest;
  /** Fingerprint of the policy that holds. */
  readonly policy: string;
  /** Hides destinations; null to write them. */
  readonly redaction: Redaction | null;
}

const { hasOwn } = Object;

/** The longest is a hash. */
const MAX_WORD = 64;

/** Characters that texts may take: what names things, and the others. Tried in order until the line fits. */
const LIMITS: readonly { readonly name: number; readonly text: number }[] = [
  { name: 512, text: 1000 },
  { name: 512, text: 300 },
  { name: 400, text: 80 },
  { name: 40, text: 40 },
];

/**
 * Makes a line, without its end.
 *
 * @param head What it begins with.
 * @param event What happened.
 * @param options Hashes, policy, redaction.
 */
export function auditLine(head: RecordHead, event: LineEvent, options: LineOptions): string {
  let line = "";
  for (const limits of LIMITS) {
    const { time, run, pid, seq, prev } = head;
    const entry = new EntryWriter(options, limits).entry(event);
    line = asciiJson({ v: AUDIT_SCHEMA, time, run, pid, seq, prev, ...entry });
    if (line.length < MAX_LINE_BYTES) break;
  }
  return line;
}

class EntryWriter {
  readonly #options: LineOptions;
  readonly #limits: { readonly name: number; readonly text: number };

  constructor(options: LineOptions, limits: { readonly name: number; readonly text: number }) {
    this.#options = options;
    this.#limits = limits;
  }

  entry(event: LineEvent): AuditEntry {
    switch (event.event) {
      case "policy":
      case "end":
        return event;
      case "decision":
        return this.#decision(event);
      case "repeated":
        return {
          event: event.event,
          of: event.of,
          repeated: event.repeated,
          by: event.by,
          ...this.#request(event),
        };
      case "answer":
        return { event: event.event, answer: this.#text(event.answer), ...this.#request(event) };
      case "revoked":
        return { event: event.event, reason: this.#text(event.reason), ...this.#request(event) };
      default:
        return {
          event: event.event,
          address: this.#hidden(event.address),
          detail: this.#detail(event.detail),
          ...this.#request(event),
        };
    }
  }

  #decision(event: Extract<AuditEvent, { event: "decision" }>): AuditEntry {
    const { decision, by, rule, unenforced, facts } = event;
    return {
      event: event.event,
      decision,
      by,
      rule: this.#textOrNull(rule),
      unenforced,
      ...this.#request(event),
      facts: this.#facts(facts),
      policy: this.#options.policy,
    };
  }

  #request(
    { requester, descriptor }: { readonly requester: Requester; readonly descriptor: Descriptor },
  ): LoggedRequest {
    const hashed = this.#options.redaction !== null;
    return { hashed, who: this.#who(requester), what: this.#what(descriptor) };
  }

  #who(requester: Requester): LoggedRequester {
    const { origin, kind, role, evidence, rememberable, insecure, mainSha256 } = requester;
    return {
      origin: this.#text(origin),
      kind,
      role,
      // Absent where nothing is above; then Object.prototype has no say (CORE-01).
      inside: this.#textOrNull(hasOwn(requester, "inside") ? requester.inside ?? null : null),
      evidence,
      rememberable,
      insecure: this.#textOrNull(insecure),
      main: mainSha256,
    };
  }

  #what(descriptor: Descriptor): LoggedDescriptor {
    const { name, transport, destination, port, tls } = descriptor;
    const { redaction } = this.#options;
    const connects = name === "direct-sockets" ? descriptor : null;
    const source = name === "direct-sockets-multicast" ? descriptor.source : null;
    return {
      feature: name,
      transport,
      to: destination === null ? null : this.#destination(destination),
      port: redaction === null ? port : redaction.text(String(port)),
      tls: tls === null ? null : this.#tls(tls),
      via: connects?.via ? this.#route(connects.via) : null,
      broadcast: connects?.broadcast === true,
      source: source === null || redaction === null ? short(source) : redaction.text(source),
    };
  }

  #tls({ mode, serverName, caSha256, clientCertSha256, required }: TlsClaims): LoggedTls {
    const { redaction } = this.#options;
    const hash = (sha256: string | null): string | null =>
      sha256 === null || redaction === null ? short(sha256) : redaction.text(short(sha256) ?? "");
    const name = redaction === null ? this.#name(serverName) : redaction.text(serverName);
    return { mode: short(mode), name, ca: hash(caSha256), client: hash(clientCertSha256), required: required === true };
  }

  #route({ protocol, destination, remoteDns }: NonNullable<DirectSocketsDescriptor["via"]>): LoggedRoute {
    return { protocol: short(protocol), to: this.#destination(destination), remoteDns: remoteDns === true };
  }

  #facts({ insecure, context, restricted, runtime, stored, limited, blocked, timeMs }: DecisionFacts): LoggedFacts {
    return {
      insecure: this.#textOrNull(insecure),
      context,
      restricted,
      runtime,
      stored: stored === null ? null : {
        effect: stored.effect,
        lifetime: stored.lifetime,
        // Names of remembered answers may be made of their destinations.
        id: this.#options.redaction?.text(stored.id) ?? this.#text(stored.id),
        changed: this.#textOrNull(stored.changed),
      },
      limited,
      blocked,
      timeMs,
    };
  }

  #destination(destination: Parameters<typeof formatDestination>[0]): LoggedText {
    return this.#options.redaction?.destination(destination) ?? this.#name(formatDestination(destination));
  }

  #hidden(address: string | null): LoggedText | null {
    if (address === null) return null;
    return this.#options.redaction?.text(address) ?? this.#name(address);
  }

  #detail(detail: string | null): LoggedText | null {
    return this.#textOrNull(detail === null ? null : this.#options.redaction?.detail(detail) ?? detail);
  }

  #name(text: string): LoggedText {
    return loggedText(text, this.#limits.name, this.#options.digest);
  }

  #text(text: string): LoggedText {
    return loggedText(text, this.#limits.text, this.#options.digest);
  }

  #textOrNull(text: string | null): LoggedText | null {
    return text === null ? null : this.#text(text);
  }
}

/** What is a word, a hash or an address in every request but one that a Worker made up: that must not break the line. */
function short<Text extends string | null>(text: Text): Text {
  if (text === null) return text;
  return (typeof text === "string" ? text.slice(0, MAX_WORD) : "") as Text;
}
