/** What is written down, and the port through which (CON-22). */
import type { DecisionFacts } from "../decision.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Requester } from "../requester.ts";

/** Something that happened, for the audit log. */
export type AuditEvent =
  /** A request was decided, with everything that the decision was made from. */
  | {
    readonly event: "decision";
    readonly requester: Requester;
    readonly descriptor: Descriptor;
    readonly facts: DecisionFacts;
    /** `allow`, `deny` or `ask`. */
    readonly decision: "allow" | "deny" | "ask";
    /** What decided: a refusal or a source; null for a question. */
    readonly by: string | null;
    /** The rule that decided, or null. */
    readonly rule: string | null;
    /** Whether it was let through although it would have been refused or asked about. */
    readonly unenforced: boolean;
  }
  /** The operator answered, or nobody could. */
  | {
    readonly event: "answer";
    readonly requester: Requester;
    readonly descriptor: Descriptor;
    /** `once`, `run`, `always`, or why there was no permission. */
    readonly answer: string;
  }
  /** What became of an approval. */
  | {
    readonly event: "opened" | "failed" | "closed" | "upgraded";
    readonly requester: Requester;
    readonly descriptor: Descriptor;
    /** The far address, where there is one. */
    readonly address: string | null;
    /** How it is protected, or why it failed: in Parley's words, with the code. */
    readonly detail: string | null;
  }
  /** An approval was taken back. */
  | {
    readonly event: "revoked";
    readonly requester: Requester;
    readonly descriptor: Descriptor;
    readonly reason: string;
  };

/** Where events are written down. */
export interface AuditSink {
  /**
   * Writes one event.
   *
   * @returns False when it could not be written. Never throws.
   */
  record(event: AuditEvent): boolean;
}

/** Writes nothing, for where there is no log. */
export const NO_AUDIT: AuditSink = Object.freeze({ record: () => true });
