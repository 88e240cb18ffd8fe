/**
 * The policy as the files have it, kept current (CON-15, CON-17, CON-21). A file that is not valid takes all approvals away
 * until it is; what it denied while it was valid stays denied, and what runs goes on.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import { escapeText } from "../../core/escape.ts";
import { DEFAULT_SETTINGS, Policy, type PolicySource } from "../policy.ts";
import type { Rule, RuleAuthor } from "../rule.ts";
import { conflictIn, mergeSettings } from "./merged_settings.ts";
import { type PolicyDocument, readPolicy } from "./policy_document.ts";
import type { PolicyFiles, PolicyFileText } from "./policy_files_port.ts";
import { hasOwnKey } from "../own_key.ts";

/** What a loader is made of. */
export interface PolicyLoaderInit {
  /** The files. */
  readonly files: PolicyFiles;
  /** Time, for changes that come in pieces. */
  readonly clock: Clock;
  /** Rules given at launch, with the author `flag`. */
  readonly launchRules: readonly Rule[];
  /** Tells the operator one line. The loader has escaped it. */
  report(line: string): void;
}

/** The longest wait for the end of a rule: the clock on the wall may be set meanwhile. */
const LOOK_AGAIN_MS = 5 * 60 * 1000;
/** An editor writes a file in several steps; they are looked at together. */
const SETTLE_MS = 100;

interface LoadedFile {
  readonly author: RuleAuthor;
  readonly document: PolicyDocument;
}

/** Reads policy files and notices when they change. */
export class PolicyLoader implements PolicySource {
  readonly #init: PolicyLoaderInit;
  readonly #listeners = new Set<() => void>();
  /** The last valid state of each file, by path. */
  readonly #valid = new Map<string, LoadedFile>();
  #current: Policy;
  #seen: readonly PolicyFileText[];
  #broken: ReadonlySet<RuleAuthor> = new Set();
  #timer: Timer | null = null;
  #unwatch: (() => void) | null = null;
  /** For the next rule that ends. */
  #ending: Timer | null = null;

  /**
   * Reads the files. What is wrong with them is reported, never thrown.
   *
   * @param init The files, time, and who is told.
   */
  constructor(init: PolicyLoaderInit) {
    this.#init = Object.freeze({ ...init });
    this.#seen = init.files.read();
    this.#current = this.#load(this.#seen);
  }

  /** The policy that holds now. */
  get current(): Policy {
    return this.#current;
  }

  /**
   * What the policy cannot be relied on for: `policy-unprotected` where this process could rewrite the managed files
   * itself (CON-21), else null.
   */
  get enforcement(): "policy-unprotected" | null {
    return this.#init.files.writable() ? "policy-unprotected" : null;
  }

  /**
   * Tells that another policy holds.
   *
   * @returns The way to stop it.
   */
  onChange(callback: () => void): () => void {
    // Each call is a subscription of its own, whatever function it is given.
    const listener = (): void => callback();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads the files again, as on SIGHUP. Nothing happens when they say what they said. */
  reload(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const texts = this.#init.files.read();
    if (saysTheSame(texts, this.#seen)) return;
    this.#seen = texts;
    this.#current = this.#load(texts);
    if (this.#unwatch !== null) this.#awaitEnd();
    this.#tellListeners();
  }

  /** Reloads from now on when a file changes, and tells of rules that end. Does not hold the process open. Idempotent. */
  watch(): void {
    if (this.#unwatch === null) this.#awaitEnd();
    this.#unwatch ??= this.#init.files.watch(() => {
      this.#timer ??= this.#init.clock.after(SETTLE_MS, () => this.reload(), { keepAlive: false });
    });
  }

  /** Stops watching. The policy stays as it is. Idempotent. */
  close(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    this.#timer?.cancel();
    this.#timer = null;
    this.#ending?.cancel();
    this.#ending = null;
  }

  #tellListeners(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The policy stays the same value when one of its rules ends, and yet says something else. */
  #awaitEnd(): void {
    this.#ending?.cancel();
    this.#ending = null;
    const { clock } = this.#init;
    const nowMs = clock.nowMs();
    const ends = this.#current.rules.flatMap(({ untilMs }) => untilMs === null || untilMs <= nowMs ? [] : [untilMs]);
    if (ends.length === 0) return;
    const nextMs = ends.reduce((first, other) => Math.min(first, other));
    this.#ending = clock.after(Math.min(nextMs - nowMs, LOOK_AGAIN_MS), () => {
      this.#awaitEnd();
      if (clock.nowMs() >= nextMs) this.#tellListeners();
    }, { keepAlive: false });
  }

  #load(texts: readonly PolicyFileText[]): Policy {
    const broken = new Set<RuleAuthor>();
    const now = new Map<string, LoadedFile>();
    for (const file of texts) {
      const document = this.#read(file);
      if (document === null) broken.add(file.author);
      else now.set(keyOf(file), { author: file.author, document });
    }
    this.#keepValid(now, broken);
    const loaded = [...this.#valid.values()];
    const stated = loaded.map(({ author, document }) => ({ author, settings: document.settings }));
    const conflict = conflictIn(stated);
    if (conflict !== null) {
      broken.add("managed");
      this.#init.report(`parley: ${conflict}`);
    }
    this.#tell(broken);
    const written = loaded.flatMap(({ author, document }) => broken.has(author) ? denials(document) : document.rules);
    const settings = stated.length === 0 ? DEFAULT_SETTINGS : mergeSettings(stated);
    return new Policy({ rules: [...this.#init.launchRules, ...written], settings, broken: [...broken] });
  }

  /** Null for a file that is not valid; what is wrong was reported. */
  #read(file: PolicyFileText): PolicyDocument | null {
    const { report } = this.#init;
    const path = escapeText(file.path);
    if (hasOwnKey(file, "problem")) {
      report(`parley: ${path}: ${escapeText(file.problem)}`);
      return null;
    }
    const document = readPolicy(file.text, { author: file.author, name: baseName(file.path) });
    for (const { line, column, reason } of document.problems) {
      report(`parley: ${path}:${line}:${column}: ${escapeText(reason)}`);
    }
    if (document.furtherProblems > 0) report(`parley: ${path}: ${document.furtherProblems} more problems`);
    return document.problems.length === 0 ? document : null;
  }

  /** Of an author with a file that is not valid, what any file of theirs last said is kept: it may be that one. */
  #keepValid(now: ReadonlyMap<string, LoadedFile>, broken: ReadonlySet<RuleAuthor>): void {
    for (const [key, { author }] of this.#valid) {
      if (!now.has(key) && !broken.has(author)) this.#valid.delete(key);
    }
    for (const [key, file] of now) this.#valid.set(key, file);
  }

  #tell(broken: ReadonlySet<RuleAuthor>): void {
    const { report } = this.#init;
    if (broken.size > 0) report("parley: nothing is approved until every policy file is valid");
    else if (this.#broken.size > 0) report("parley: every policy file is valid again");
    this.#broken = broken;
  }
}

function denials({ rules }: PolicyDocument): readonly Rule[] {
  return rules.filter(({ effect }) => effect === "deny");
}

/** The same file may be given twice, with different authority. */
function keyOf({ author, path }: PolicyFileText): string {
  return `${author} ${path}`;
}

function saysTheSame(left: readonly PolicyFileText[], right: readonly PolicyFileText[]): boolean {
  const said = (file: PolicyFileText): string => hasOwnKey(file, "problem") ? file.problem : file.text;
  return left.length === right.length && left.every((file, index) => {
    const other = right[index];
    return other !== undefined && keyOf(file) === keyOf(other) &&
      hasOwnKey(file, "text") === hasOwnKey(other, "text") &&
      said(file) === said(other);
  });
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
