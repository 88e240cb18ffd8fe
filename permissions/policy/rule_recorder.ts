/**
 * Learn mode (CON-23): questions are put as usual, and what the operator approves is written down as rules, for review. It
 * approves nothing by itself, and what it writes counts only once the operator makes it a policy file.
 */
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import type { AuditEvent, AuditSink } from "../audit/audit_port.ts";
import type { RuleFile } from "./rule_file_port.ts";
import { formatPolicyFile, ruleForRequest, type RuleText } from "./rule_for_request.ts";
import { hasOwnKey } from "../own_key.ts";

/** What a recorder works with. */
export interface RuleRecorderInit {
  /** Where events go besides. */
  readonly audit: AuditSink;
  /** The file. */
  readonly file: RuleFile;
  /** Tells the operator one line, escaped. */
  report(line: string): void;
}

const APPROVALS: ReadonlySet<string> = new Set(["once", "run", "always"]);
/** Rules of one run. */
const MAX_RULES = 1_000;

/** Follows the events of a broker and writes down what was approved. */
export class RuleRecorder implements AuditSink {
  readonly #init: RuleRecorderInit;
  readonly #rules = new Map<string, RuleText>();
  #failed = false;

  /** @param init The log, the file, and who is told of trouble. */
  constructor(init: RuleRecorderInit) {
    this.#init = Object.freeze({ ...init });
  }

  /** Passes the event on, and notes an approval. */
  record(event: AuditEvent): boolean {
    const written = this.#init.audit.record(event);
    if (event.event === "answer" && APPROVALS.has(event.answer)) this.#note(event);
    return written;
  }

  #note({ requester, descriptor }: Extract<AuditEvent, { event: "answer" }>): void {
    const rule = ruleForRequest({ requester, descriptor, effect: "allow" });
    if (hasOwnKey(rule, "reason")) {
      this.#init.report(`parley: not recorded: ${escapeText(rule.reason)}`);
      return;
    }
    const key = JSON.stringify([rule.origin, rule.to]);
    if (this.#failed || this.#rules.has(key) || this.#rules.size >= MAX_RULES) return;
    this.#rules.set(key, rule);
    this.#write();
  }

  #write(): void {
    try {
      this.#init.file.write(formatPolicyFile([...this.#rules.values()]));
    } catch (error) {
      // Said once; the program goes on, because nothing was granted by it.
      this.#failed = true;
      this.#init.report(`parley: nothing is recorded: ${escapeText(reasonOf(error))}`);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof ParleyError ? error.message : String(error);
}
