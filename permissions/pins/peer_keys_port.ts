/** The port through which the engine learns which key a destination must have, and has a new one decided about (CON-05). */
import type { Destination } from "../../core/destination.ts";
import type { Grant } from "../grant.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";

/** A key that was pinned. */
export interface PinnedKey {
  /** SHA-256 of the key, lower-case hex; null for a pin that cannot be read, which no key meets. */
  readonly spkiSha256: string | null;
  /** Whether the key stands in place of the certificate checks, as the operator chose for this host and port. */
  readonly replacesChecks: boolean;
}

/** Who asked for a certain key. */
export type KeyDemandSource =
  /** A stored pin. */
  | "pin"
  /** The approved destination has `#spki=`. */
  | "destination"
  /** The rule that approved the destination has it. */
  | "rule"
  /** The program's own option. */
  | "program";

/** A key that is not the one that was asked for. */
export interface KeyMismatch {
  /** Who asked. */
  readonly source: KeyDemandSource;
  /** The key that was asked for; null where that cannot be read. */
  readonly expected: string | null;
  /** What was shown; null when it did not come to that. */
  readonly seen: PeerKeyFacts | null;
}

/** The operator's keys of far ends. */
export interface PeerKeys {
  /** The key that is pinned for a host and port, or null for none. Never throws. */
  pinned(destination: Destination): PinnedKey | null;
  /** Notes that the pinned key was met. Never throws. */
  met(destination: Destination): void;
  /** Tells the operator of another key than the one that was asked for: never a yes-or-no question. Never throws. */
  mismatch(grant: Grant, mismatch: KeyMismatch): void;
  /**
   * Has the operator decide about a key whose certificate is not trusted. No byte of the program has passed.
   *
   * @param grant The approval of the connection.
   * @param facts What the far end showed.
   * @param signal Withdraws the question.
   * @returns Whether to go on. Never rejects.
   */
  approve(grant: Grant, facts: PeerKeyFacts, signal: AbortSignal): Promise<boolean>;
}
