/** Which durations a question offers. */
import type { Descriptor } from "./descriptor.ts";
import type { Lifetime, Risk } from "./prompter.ts";
import type { Requester } from "./requester.ts";

const ONCE_ONLY: readonly Lifetime[] = Object.freeze(["once"] as const);
const ALL: readonly Lifetime[] = Object.freeze(["once", "run", "always"] as const);

/** What decides. */
export interface LifetimeTerms {
  /** Who asks. */
  readonly requester: Requester;
  /** For what. */
  readonly descriptor: Descriptor;
  /** Its risk. */
  readonly risk: Risk | null;
  /** Whether an answer can be kept at all. */
  readonly remembers: boolean;
  /** What whoever passes the request on wants to be offered, or null for all. */
  readonly wanted: readonly Lifetime[] | null;
}

/**
 * The durations to offer, shortest first.
 *
 * Code without a name (-e, REPL) is asked about each time (NET-16), and so is what leaves the choice of whom is reached to
 * somebody else (NET-26, NET-28). A risky request is remembered only for code that the launcher read (CON-18), and the
 * credentials of a cloud machine never (NET-14).
 */
export function lifetimesOffered(
  { requester, descriptor, risk, remembers, wanted }: LifetimeTerms,
): readonly Lifetime[] {
  if (requester.kind === "opaque" || isNeverKept(descriptor)) return ONCE_ONLY;
  const unpinned = risk !== null && requester.evidence !== "launcher";
  const always = remembers && requester.rememberable && risk !== "metadata" && !unpinned;
  return Object.freeze(
    ALL.filter((lifetime) => (lifetime !== "always" || always) && (wanted === null || wanted.includes(lifetime))),
  );
}

function isNeverKept(descriptor: Descriptor): boolean {
  return descriptor.name === "udp-peers" ||
    (descriptor.name === "direct-sockets" && descriptor.via?.remoteDns === true);
}
