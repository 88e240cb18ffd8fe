/** Proves that nothing was taken out of the audit log, changed or moved in it, by the hashes in its lines (CON-22). */
import type { Digest } from "./append_log_port.ts";
import { NO_LINE, type RecordHead } from "./audit_record.ts";
import { parseAuditLine } from "./parse_audit_line.ts";

/** Something that is not as it was written. */
export interface ChainFault {
  /** The file. */
  readonly path: string;
  /** The line in it, from 1. */
  readonly line: number;
  /** What is wrong, in words; not escaped. */
  readonly problem: string;
}

/** What the chains of a log came to. */
export interface ChainTotals {
  /** Lines that were looked at. */
  readonly lines: number;
  /** Runs of programs that wrote them. */
  readonly runs: number;
  /** Runs whose last line says that they ended. The others go on, were killed, or have lost their last lines. */
  readonly ended: number;
  /** Runs whose first lines were in files that were removed to make room. */
  readonly begunEarlier: number;
}

interface Run {
  seq: number;
  hash: string;
  ended: boolean;
}

interface Place {
  readonly path: string;
  readonly line: number;
}

/** Reads a log line by line, oldest first. */
export class ChainCheck {
  readonly #digest: Digest;
  readonly #olderRemoved: boolean;
  readonly #fault: (fault: ChainFault) => void;
  readonly #runs = new Map<string, Run>();
  #lines = 0;
  #begunEarlier = 0;

  /**
   * @param digest Hashes.
   * @param options Whether files older than the first were removed, and who is told of faults.
   */
  constructor(
    digest: Digest,
    options: { readonly olderRemoved: boolean; readonly onFault: (fault: ChainFault) => void },
  ) {
    this.#digest = digest;
    this.#olderRemoved = options.olderRemoved;
    this.#fault = options.onFault;
  }

  /**
   * Looks at the next file.
   *
   * @param path Its path.
   * @param text What it holds.
   */
  file(path: string, text: string): void {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    // A blank line is the end of one that was not written whole.
    for (const [index, line] of lines.entries()) if (line !== "") this.#line(line, { path, line: index + 1 });
    if (rest !== "") this.#report({ path, line: lines.length + 1 }, "the line has no end: it was not written whole");
  }

  /** What it came to. */
  get totals(): ChainTotals {
    const runs = [...this.#runs.values()];
    return {
      lines: this.#lines,
      runs: runs.length,
      ended: runs.filter(({ ended }) => ended).length,
      begunEarlier: this.#begunEarlier,
    };
  }

  #line(text: string, place: Place): void {
    this.#lines++;
    const parsed = parseAuditLine(text);
    if (parsed.kind === "problem") this.#report(place, parsed.problem);
    const head = parsed.kind === "record" ? parsed.record : parsed.head;
    if (head === null) return;
    const run = this.#runs.get(head.run);
    const trouble = run === undefined ? this.#first(head) : next(run, head);
    if (trouble !== null) this.#report(place, `${trouble} (run ${head.run})`);
    const ended = parsed.kind === "record" && parsed.record.event === "end";
    // From here on what stands there counts, so that one fault is told once.
    this.#runs.set(head.run, { seq: head.seq, hash: this.#digest.sha256(text), ended });
  }

  #first({ seq, prev }: RecordHead): string | null {
    if (seq === 1) return prev === NO_LINE ? null : "its first line names one before it";
    if (this.#olderRemoved) {
      this.#begunEarlier++;
      return null;
    }
    return seq === 2 ? "line 1 before it is missing" : `lines 1 to ${seq - 1} before it are missing`;
  }

  #report({ path, line }: Place, problem: string): void {
    this.#fault({ path, line, problem });
  }
}

function next(run: Run, { seq, prev }: RecordHead): string | null {
  if (run.ended) return "it stands behind the end of its run";
  if (seq <= run.seq) return `number ${seq} stands behind number ${run.seq}: it was moved or doubled`;
  if (seq === run.seq + 2) return `number ${run.seq + 1} before it is missing`;
  if (seq > run.seq + 1) return `numbers ${run.seq + 1} to ${seq - 1} before it are missing`;
  return prev === run.hash ? null : `number ${run.seq} before it was changed`;
}
