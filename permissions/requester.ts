/** Who asks: an origin and how it was obtained. */

/** Version of the {@linkcode Requester} record; remembered rules will carry it. */
export const REQUESTER_SCHEMA: Requester["schema"] = 1;

/** How the identity was established. */
export type RequesterEvidence =
  /** The process says so itself: a label, not evidence. */
  | "claimed"
  /** The launcher read it before the start (`parley run`). */
  | "launcher";

/** What kind of code asks. */
export type OriginKind = "file" | "remote" | "package" | "opaque";

/** Identity of the code that asks, schema version 1. */
export interface Requester {
  /** Schema version. */
  readonly schema: 1;
  /** `file:///path/main.ts`, `https://host[:port]`, `jsr:@scope/name`, `npm:name`, or `opaque:` and a number. */
  readonly origin: string;
  /** What kind of origin it is. Opaque origins can never be remembered. */
  readonly kind: OriginKind;
  /** How the identity was established. */
  readonly evidence: RequesterEvidence;
  /** Whether a later answer may be remembered for this origin (CON-09). */
  readonly rememberable: boolean;
  /** SHA-256 of the main module as the launcher read it, or null where nobody did (CON-18). */
  readonly mainSha256: string | null;
  /** SHA-256 of the lockfile as the launcher read it, or null. */
  readonly lockSha256: string | null;
  /** Process id, for the prompt and the log. */
  readonly pid: number;
}
