/**
 * Answers that were remembered for good, one file each (CON-04, CON-18, NET-19). What is not valid there refuses exactly the
 * request that its name stands for, and approves nothing (CON-21). What nobody used for 90 days is not found any more (CON-23).
 *
 * Time is the later of the clock and the latest use on record, so that a clock set back revives nothing; a clock that once
 * stood in the future and was believed costs approvals, and gives none.
 */
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { decisionKey } from "../decision_key.ts";
import type { Descriptor } from "../descriptor.ts";
import { insideOf, type Requester } from "../requester.ts";
import type { NewDecision, PermissionStore, StoredDecision } from "../store.ts";
import { approvedCode, formatGrantRecord, type GrantRecord, keyedRequester } from "./grant_record.ts";
import { changedFile } from "./code_change.ts";
import type { RecordDirectory } from "./record_directory_port.ts";
import { type BrokenEntry, readEntry, type ValidEntry } from "./store_entry.ts";
import { StoreIndex } from "./store_index.ts";
import { whyNotRemembered } from "./remembering.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** An answer that was not used for this long is forgotten. */
export const UNUSED_MS: number = 90 * DAY_MS;

/** What the store works with. */
export interface FileStoreInit {
  /** Where the answers are. */
  readonly directory: RecordDirectory;
  /** Time. */
  readonly clock: Clock;
  /** Tells the operator one line. The store has escaped it. */
  report(line: string): void;
  /** How answers are given that are put here: by a question (default), or by the operator's own command. */
  readonly by?: GrantRecord["by"];
}

/** A remembered answer, for lists. */
export interface RememberedDecision extends GrantRecord {
  /** When it was last used, or given; ms since 1970. */
  readonly usedMs: number;
  /** When it will be forgotten if nobody uses it. */
  readonly expiresMs: number;
}

/** What stands where an answer should, for lists. */
export interface BrokenRecord {
  /** To take it back by. */
  readonly id: string;
  /** What is wrong, unescaped. */
  readonly problem: string;
}

const getRandomValues = crypto.getRandomValues.bind(crypto);

/** The store of remembered answers. */
export class FileStore implements PermissionStore {
  readonly #directory: RecordDirectory;
  readonly #clock: Clock;
  readonly #report: (line: string) => void;
  readonly #by: GrantRecord["by"];
  readonly #index = new StoreIndex();
  readonly #listeners = new Set<(ids: readonly string[]) => void>();
  /** Answers that were taken back and whose files could not be removed. */
  readonly #takenBack = new Set<string>();
  #loaded = false;
  #cleaned = false;
  #unwatch: (() => void) | null = null;

  /** @param init Where, when, and whom to tell. Nothing is read before the first question. */
  constructor(init: FileStoreInit) {
    this.#directory = init.directory;
    this.#clock = init.clock;
    this.#report = (line) => init.report(line);
    this.#by = init.by ?? "prompt";
  }

  /** Whether an answer can be kept. */
  get remembers(): boolean {
    return this.#directory.obstacle() === null;
  }

  /** Every answer that counts, oldest first. */
  list(): readonly RememberedDecision[] {
    this.#load();
    const counting = this.#index.valid().filter((entry) => this.#counts(entry));
    return counting
      .map(({ record, usedMs }) => Object.freeze({ ...record, usedMs, expiresMs: usedMs + UNUSED_MS }))
      .sort((left, right) => left.createdMs - right.createdMs);
  }

  /** What is not valid. */
  broken(): readonly BrokenRecord[] {
    this.#load();
    return this.#index.broken().map(({ id, problem }) => Object.freeze({ id, problem }));
  }

  /** The decision for a request, or null. What cannot be read is a refusal, which the operator is told of once. */
  find(requester: Requester, descriptor: Descriptor): StoredDecision | null {
    this.#load();
    const key = decisionKey(requester, descriptor);
    const entry = this.#index.byKey(key);
    if (entry === undefined) return this.#index.brokenCount === 0 ? null : this.#findBroken(key);
    if (!this.#counts(entry)) return null;
    if (entry.record.effect === "deny") {
      // A refusal is in use as long as somebody asks.
      this.#use(entry);
      return entry.decision;
    }
    // An approval is void for code that came over something insecure (CON-09).
    if (requester.insecure !== null || !requester.rememberable) return null;
    return judged(entry, requester);
  }

  /**
   * Keeps a decision, instead of one for the same request. It is on the disk when this returns.
   *
   * @throws {ParleyError} `CONFIG_INVALID` for what is never remembered, and when it cannot be written.
   */
  put(requester: Requester, descriptor: Descriptor, { effect, lifetime }: NewDecision): StoredDecision {
    if (lifetime !== "always") throw new ParleyError("INTERNAL_INVARIANT", "Cannot remember it: it is for this run");
    const by = this.#by;
    const why = requester.rememberable
      ? whyNotRemembered({ effect, by, requester, descriptor })
      : "this program is never remembered";
    if (why !== null) throw new ParleyError("CONFIG_INVALID", `Cannot remember it: ${why}`);
    this.#load();
    const key = decisionKey(requester, descriptor);
    const text = formatGrantRecord({
      id: newId(),
      effect,
      requester: keyedRequester(requester),
      descriptor,
      key,
      code: approvedCode(requester),
      by,
      createdMs: this.#nowMs(),
      note: null,
    });
    const name = this.#directory.nameOf(key);
    const entry = readEntry({ name, text, touchedMs: 0, problem: null }, this.#directory);
    if (entry.record === null) {
      throw new ParleyError("INTERNAL_INVARIANT", `Cannot remember it: it would not be read back: ${entry.problem}`);
    }
    this.#directory.put(name, text);
    this.#index.set(name, entry);
    this.#clean();
    return entry.decision;
  }

  /** Notes that a decision was used, at most once a day. */
  used(id: string): void {
    this.#load();
    const entry = this.#index.byId(id);
    if (entry !== undefined && entry.record !== null) this.#use(entry);
  }

  /**
   * Forgets a decision. What another process has decided since about the same request stays.
   *
   * @returns Whether it is gone from the disk; otherwise it does not count in this process.
   */
  remove(id: string): boolean {
    this.#load();
    const entry = this.#index.byId(id);
    if (entry === undefined) return false;
    this.#takenBack.add(id);
    try {
      const { name, text } = entry;
      const gone = text === null ? this.#directory.remove(name) : this.#directory.remove(name, text);
      this.#reread([name]);
      return gone;
    } catch (error) {
      const reason = error instanceof ParleyError ? error.message : String(error);
      this.#report(`parley: what was taken back holds again at the next start: ${escapeText(reason)}`);
      return false;
    }
  }

  /** Forgets what was approved to a program; its refusals are the operator's. */
  forget(requester: Requester, matches: (descriptor: Descriptor) => boolean): void {
    for (const { id, effect, requester: who, descriptor } of this.list()) {
      const own = who.origin === requester.origin && insideOf(who) === insideOf(requester);
      if (own && effect === "allow" && matches(descriptor)) this.remove(id);
    }
  }

  /**
   * Tells of decisions that another process changed or took back.
   *
   * @returns The way to stop it.
   */
  onChange(callback: (ids: readonly string[]) => void): () => void {
    this.#listeners.add(callback);
    if (this.#loaded) this.#watch();
    return () => {
      this.#listeners.delete(callback);
      if (this.#listeners.size > 0) return;
      this.#unwatch?.();
      this.#unwatch = null;
    };
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    // Before the first look, so that nothing between the two is missed.
    if (this.#listeners.size > 0) this.#watch();
    for (const found of this.#directory.load()) this.#index.set(found.name, readEntry(found, this.#directory));
  }

  #watch(): void {
    this.#unwatch ??= this.#directory.watch((names) => {
      const changed = this.#reread(names);
      if (changed.length === 0) return;
      for (const listener of [...this.#listeners]) listener(changed);
    });
  }

  /** Reads again what may have changed. Returns the decisions that have. */
  #reread(names: readonly string[] | null): readonly string[] {
    const found = names === null
      ? new Map(this.#directory.load().map((record) => [record.name, record]))
      : new Map(names.map((name) => [name, this.#directory.read(name)]));
    const changed: string[] = [];
    for (const name of names ?? new Set([...this.#index.names(), ...found.keys()])) {
      const before = this.#index.byName(name);
      const record = found.get(name) ?? null;
      // The usual case of what this process has done itself.
      const same = record !== null && record.text !== null && before?.text === record.text;
      if (same && before?.record && before.usedMs >= record.touchedMs) continue;
      const after = record === null ? null : readEntry(record, this.#directory);
      this.#index.set(name, after);
      if (before?.id !== after?.id || before?.problem !== after?.problem) {
        changed.push(...[before?.id, after?.id].filter((id) => id !== undefined));
      }
    }
    return changed;
  }

  #findBroken(key: string): StoredDecision | null {
    const entry = this.#index.byName(this.#directory.nameOf(key));
    if (entry === undefined || entry.record !== null) return null;
    this.#tell(entry);
    return entry.decision;
  }

  #tell(entry: BrokenEntry): void {
    if (entry.told) return;
    entry.told = true;
    this.#report(
      `parley: the remembered answer to this request is not valid: ${escapeText(entry.problem)}; until ` +
        `"parley permissions revoke ${entry.id}" takes it back, the request is refused`,
    );
  }

  #expired(): readonly ValidEntry[] {
    return this.#index.valid().filter(({ usedMs }) => this.#nowMs() - usedMs >= UNUSED_MS);
  }

  #counts({ id, usedMs }: ValidEntry): boolean {
    return this.#nowMs() - usedMs < UNUSED_MS && (this.#takenBack.size === 0 || !this.#takenBack.has(id));
  }

  #nowMs(): number {
    return Math.max(this.#clock.nowMs(), this.#index.latestMs);
  }

  /** The time of use is the file's own, so that what was taken back meanwhile does not come back by being written again. */
  #use(entry: ValidEntry): void {
    const atMs = this.#nowMs();
    if (atMs - entry.triedMs < DAY_MS) return;
    entry.triedMs = atMs;
    if (!this.#directory.touch(entry.name, { text: entry.text, atMs })) return;
    this.#index.used(entry, atMs);
  }

  /** Removes what nobody used, once in a process that writes anyway. */
  #clean(): void {
    if (this.#cleaned) return;
    this.#cleaned = true;
    // Looked at again, because others may have used them meanwhile.
    this.#reread(this.#expired().map(({ name }) => name));
    for (const { name, text } of this.#expired()) {
      try {
        this.#directory.remove(name, text);
      } catch {
        return;
      }
      this.#reread([name]);
    }
  }
}

function judged(entry: ValidEntry, requester: Requester): StoredDecision {
  const { code } = entry.record;
  if (code === null) return entry.decision;
  if (entry.judgedFor !== requester) {
    const changed = changedFile(code, requester);
    entry.judgedFor = requester;
    entry.judgement = changed === null ? entry.decision : Object.freeze({ ...entry.decision, changed });
  }
  return entry.judgement;
}

function newId(): string {
  return Array.from(getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
