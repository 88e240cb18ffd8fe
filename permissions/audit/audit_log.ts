/**
 * The audit log of a process: every decision, answer and use as a line that holds the hash of the line before, so that a
 * line taken out, changed or moved is noticed; and every policy that decided, so that each decision can be made again.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { decisionKey } from "../decision_key.ts";
import type { Policy, PolicySource } from "../policy.ts";
import { policySnapshot } from "../policy/policy_snapshot.ts";
import type { AppendLog, Digest } from "./append_log_port.ts";
import { auditLine, type LineEvent } from "./audit_line.ts";
import type { AuditEvent, AuditSink } from "./audit_port.ts";
import { NO_LINE, type RecordHead } from "./audit_record.ts";
import { Redaction } from "./audit_redaction.ts";
import { RepeatedRefusals } from "./repeated_refusals.ts";

/** What the log is made of. */
export interface AuditLogInit {
  /** The file. */
  readonly log: AppendLog;
  /** Hashes. */
  readonly digest: Digest;
  /** Time. */
  readonly clock: Clock;
  /** The policy that decides. While it says `audit: "off"` nothing is written. */
  readonly policy: PolicySource;
  /** Process id. */
  readonly pid: number;
  /** Tells the operator one line, escaped. */
  report(line: string): void;
}

type Decided = Extract<AuditEvent, { event: "decision" }>;

// Taken at load, so that code loaded later cannot replace it (CORE-01).
const random = crypto.getRandomValues.bind(crypto);

/** Writes events down. */
export class AuditLog implements AuditSink {
  readonly #init: AuditLogInit;
  readonly #run: string = runName();
  readonly #refusals = new RepeatedRefusals();
  #redaction: Redaction | null = null;
  #shown: Policy | null = null;
  #fingerprint = "";
  #seq = 0;
  #prev: string = NO_LINE;
  #timer: Timer | null = null;
  #failed = false;
  #ended = false;

  /** @param init What the log is made of. */
  constructor(init: AuditLogInit) {
    this.#init = Object.freeze({ ...init });
    init.policy.onChange(() => this.#policyChanged());
  }

  /**
   * Writes one event, or counts it if it is a refusal that was written within the minute.
   *
   * @param event What happened.
   * @returns False when it could not be written. Never throws.
   */
  record(event: AuditEvent): boolean {
    if (this.#init.policy.current.settings.audit === "off") return true;
    return this.#tried(() => {
      this.#writePolicy();
      const refusal = refusalOf(event);
      if (refusal !== null) return this.#recordRefusal(refusal);
      this.#writeCounted();
      this.#write(event);
    });
  }

  /**
   * Writes what was counted and that the run is over. For the end of the process: a process that is killed does without,
   * and then the refusals counted in its last minute are not in the log.
   */
  end(): void {
    if (this.#seq === 0 || this.#ended) return;
    this.#timer?.cancel();
    this.#tried(() => {
      this.#writeCounted();
      this.#write({ event: "end" });
    });
    this.#ended = true;
    this.#init.log.close();
  }

  #recordRefusal(event: Decided): void {
    const { requester, descriptor, by, rule } = event;
    const atMs = this.#init.clock.monotonicMs();
    const key = JSON.stringify([by, rule, requester.role, decisionKey(requester, descriptor)]);
    if (this.#refusals.count(key, atMs)) return;
    this.#writeExpired();
    this.#write(event);
    this.#refusals.begin(key, { requester, descriptor, by: by ?? "", of: this.#seq }, atMs);
    this.#setTimer();
  }

  #writeCounted(): void {
    for (const line of this.#refusals.take()) this.#write(line);
  }

  #writeExpired(): void {
    for (const line of this.#refusals.expire(this.#init.clock.monotonicMs())) this.#write(line);
  }

  /** Writes the counts of a minute that is over even if nothing else happens; it does not hold the process open. */
  #setTimer(): void {
    const { clock } = this.#init;
    const endsAtMs = this.#refusals.endsAtMs;
    if (this.#timer !== null || endsAtMs === null) return;
    this.#timer = clock.after(endsAtMs - clock.monotonicMs(), () => {
      this.#timer = null;
      this.#tried(() => this.#writeExpired());
      this.#setTimer();
    }, { keepAlive: false });
  }

  #policyChanged(): void {
    // A process that has decided nothing writes nothing. That the log is switched off stands in it.
    if (this.#seq > 0) this.#tried(() => this.#writePolicy());
  }

  #writePolicy(): void {
    const { policy: { current }, digest, log } = this.#init;
    if (current === this.#shown) return;
    this.#writeCounted();
    this.#refusals.clear();
    const { text, sha256 } = policySnapshot(current, digest);
    const hashed = current.settings.auditDestinations === "hashed";
    this.#redaction = hashed ? this.#redaction ?? new Redaction(digest, log.redactionKey()) : null;
    // A snapshot names destinations, and its fingerprint could be found by guessing them.
    if (this.#redaction === null) log.keepPolicy(sha256, text);
    const fingerprint = this.#redaction?.text(sha256) ?? sha256;
    this.#write({ event: "policy", policy: fingerprint, rules: current.rules.length, broken: current.broken });
    this.#fingerprint = fingerprint;
    this.#shown = current;
  }

  #write(event: LineEvent): void {
    const { clock, digest, pid, log } = this.#init;
    const time = new Date(clock.nowMs()).toISOString();
    const head: RecordHead = { time, run: this.#run, pid, seq: this.#seq + 1, prev: this.#prev };
    const line = auditLine(head, event, { digest, policy: this.#fingerprint, redaction: this.#redaction });
    log.append(line);
    // Only a line that stands there counts.
    this.#seq++;
    this.#prev = digest.sha256(line);
  }

  #tried(write: () => void): boolean {
    if (this.#ended) return false;
    try {
      write();
      return true;
    } catch (error) {
      this.#tell(error);
      return false;
    }
  }

  #tell(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const reason = error instanceof ParleyError ? error.message : String(error);
    this.#init.report(`parley: decisions are not written down: ${escapeText(reason)}`);
  }
}

/** What is let through all the same is written each time. */
function refusalOf(event: AuditEvent): Decided | null {
  return event.event === "decision" && event.decision === "deny" && !event.unenforced ? event : null;
}

function runName(): string {
  return Array.from(random(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
