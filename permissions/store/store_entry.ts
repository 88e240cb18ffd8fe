/** One record of the store in memory: what it says, or what is wrong with it. */
import type { Requester } from "../requester.ts";
import type { StoredDecision } from "../store.ts";
import { type GrantRecord, parseGrantRecord } from "./grant_record.ts";
import type { RecordDirectory, StoredRecord } from "./record_directory_port.ts";
import { whyNotRemembered } from "./remembering.ts";
import { hasOwnKey } from "../own_key.ts";

/** A record that counts. */
export interface ValidEntry {
  /** Its name. */
  readonly name: string;
  /** Identifier of the decision. */
  readonly id: string;
  /** What the file holds. */
  readonly text: string;
  /** What it says. */
  readonly record: GrantRecord;
  /** None. */
  readonly problem: null;
  /** The decision, as long as the code is the same. */
  readonly decision: StoredDecision;
  /** When it was last used, or given. */
  usedMs: number;
  /** When a use was last to be noted, whether that worked or not. */
  triedMs: number;
  /** Whose code was compared last. */
  judgedFor: Requester | null;
  /** What came of that. */
  judgement: StoredDecision;
}

/** A record that refuses. */
export interface BrokenEntry {
  /** Its name. */
  readonly name: string;
  /** Identifier to take it back by. */
  readonly id: string;
  /** What the file holds, where that could be read. */
  readonly text: string | null;
  /** Nothing. */
  readonly record: null;
  /** What is wrong. */
  readonly problem: string;
  /** A refusal. */
  readonly decision: StoredDecision;
  /** Whether the operator knows. */
  told: boolean;
}

/** A record of the store. */
export type Entry = ValidEntry | BrokenEntry;

/** Digits of its name that a broken record goes by. */
const ID_DIGITS = 12;

/**
 * Judges what a directory holds under a name.
 *
 * @param found What it holds.
 * @param directory The directory, for the name that belongs to a key.
 */
export function readEntry(found: StoredRecord, directory: RecordDirectory): Entry {
  const { name, text } = found;
  if (found.problem !== null) return brokenEntry(name, { text: null, problem: found.problem });
  const record = parseGrantRecord(found.text);
  if (hasOwnKey(record, "problem")) return brokenEntry(name, { text, problem: record.problem });
  if (directory.nameOf(record.key) !== name) {
    return brokenEntry(name, { text, problem: "it stands under another's name" });
  }
  const why = whyNotRemembered(record);
  if (why !== null) return brokenEntry(name, { text, problem: why });
  const { id, effect } = record;
  const decision: StoredDecision = Object.freeze({ effect, lifetime: "always", id, changed: null });
  const usedMs = Math.max(record.createdMs, found.touchedMs);
  return {
    name,
    id,
    text: found.text,
    record,
    problem: null,
    decision,
    usedMs,
    triedMs: usedMs,
    judgedFor: null,
    judgement: decision,
  };
}

function brokenEntry(name: string, how: { readonly text: string | null; readonly problem: string }): BrokenEntry {
  const id = `broken-${name.slice(0, ID_DIGITS)}`;
  const decision: StoredDecision = Object.freeze({ effect: "deny", lifetime: "always", id, changed: null });
  return { name, id, ...how, record: null, decision, told: false };
}
