/** Who asks: an origin and how it was obtained. */

/** Version of the {@linkcode Requester} record; remembered rules will carry it. */
export const REQUESTER_SCHEMA: Requester["schema"] = 1;

const { hasOwn } = Object;

/** The program that a library or a Worker is part of, or null. What `Object.prototype` says is none (CORE-01). */
export function insideOf(requester: Pick<Requester, "inside">): string | null {
  return hasOwn(requester, "inside") ? requester.inside ?? null : null;
}

/** The program that a requester is, or is part of: what counts where the name of a library must make no difference. */
export function programOf(requester: Pick<Requester, "inside" | "origin">): string {
  return insideOf(requester) ?? requester.origin;
}

/** How the identity was established. */
export type RequesterEvidence =
  /** The process says so itself: a label, not evidence. */
  | "claimed"
  /** The launcher read it before the start (`parley run`). */
  | "launcher";

/** What kind of code asks. */
export type OriginKind = "file" | "remote" | "package" | "opaque";

/** Which part of the process asks. */
export type RequesterRole =
  /** The main program and everything it imports, by the functions that an import of Parley has. */
  | "program"
  /** A library by a navigator of its own; it has what was delegated to it. */
  | "library"
  /** A Worker; it has what was delegated to it. */
  | "worker"
  /** A command of Parley's own. */
  | "command";

/** One file of the code that asks. */
export interface CodeHash {
  /** Its URL. */
  readonly url: string;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly sha256: string;
}

/** Identity of the code that asks, schema version 1. */
export interface Requester {
  /** Schema version. */
  readonly schema: 1;
  /** `file:///path/main.ts`, `https://host[:port]`, `jsr:@scope/name`, `npm:name`, or `opaque:` and a number. */
  readonly origin: string;
  /** What kind of origin it is. Opaque origins can never be remembered. */
  readonly kind: OriginKind;
  /** Which part of the process asks. */
  readonly role: RequesterRole;
  /** The origin of the program that a library or a Worker is part of. Absent for the program itself, and for commands. */
  readonly inside?: string;
  /** How the identity was established. */
  readonly evidence: RequesterEvidence;
  /** Why its code is not to be trusted, in words for the operator (NET-16); or null. */
  readonly insecure: string | null;
  /** Whether a later answer may be remembered for this origin (CON-09). */
  readonly rememberable: boolean;
  /** SHA-256 of the main module as the launcher read it, or null where nobody did (CON-18). */
  readonly mainSha256: string | null;
  /** SHA-256 of the lockfile as the launcher read it, or null. */
  readonly lockSha256: string | null;
  /** Every local module of its import graph, as far as somebody read them. */
  readonly modules: readonly CodeHash[];
  /** Process id, for the prompt and the log. */
  readonly pid: number;
}
