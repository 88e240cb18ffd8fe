/** Counts refusals that come again, so that a program that tries in a loop does not fill the log (CON-22). */
import type { Descriptor } from "../descriptor.ts";
import type { Requester } from "../requester.ts";
import type { RepeatedRefusal } from "./audit_line.ts";

/** Milliseconds in which the same refusal is counted. */
export const REPEAT_MS = 60_000;
/** Refusals that are remembered at a time. */
const MAX_REFUSALS = 256;

interface Seen {
  readonly requester: Requester;
  readonly descriptor: Descriptor;
  readonly by: string;
  readonly of: number;
  readonly untilMs: number;
  repeated: number;
}

/** The refusals of the last minute. Times are monotonic milliseconds. */
export class RepeatedRefusals {
  /** In the order of their ends, because each lives equally long. */
  readonly #seen = new Map<string, Seen>();

  /**
   * Counts a refusal that was written down already.
   *
   * @param key Who, what and why.
   * @param atMs When.
   * @returns Whether there is nothing to write.
   */
  count(key: string, atMs: number): boolean {
    const seen = this.#seen.get(key);
    if (seen === undefined || atMs >= seen.untilMs) return false;
    seen.repeated++;
    return true;
  }

  /**
   * Begins to count a refusal.
   *
   * @param key Who, what and why.
   * @param refusal The same, and the number of its line.
   * @param atMs When.
   */
  begin(key: string, refusal: Pick<RepeatedRefusal, "requester" | "descriptor" | "by" | "of">, atMs: number): void {
    const { requester, descriptor, by, of } = refusal;
    this.#seen.delete(key);
    this.#seen.set(key, { requester, descriptor, by, of, untilMs: atMs + REPEAT_MS, repeated: 0 });
  }

  /** When the oldest ends; null without any. */
  get endsAtMs(): number | null {
    const [oldest] = this.#seen.values();
    return oldest?.untilMs ?? null;
  }

  /** Makes room for one more, and takes what is over. What is returned is to be written. */
  expire(atMs: number): RepeatedRefusal[] {
    const over: RepeatedRefusal[] = [];
    for (const [key, seen] of this.#seen) {
      if (atMs < seen.untilMs && this.#seen.size < MAX_REFUSALS) break;
      this.#seen.delete(key);
      if (seen.repeated > 0) over.push(lineOf(seen));
    }
    return over;
  }

  /** What was counted so far, to be written before something else; counting goes on from 0. */
  take(): RepeatedRefusal[] {
    const counted = [...this.#seen.values()].filter(({ repeated }) => repeated > 0);
    const lines = counted.map(lineOf);
    for (const seen of counted) seen.repeated = 0;
    return lines;
  }

  /** Forgets everything. */
  clear(): void {
    this.#seen.clear();
  }
}

function lineOf({ requester, descriptor, by, of, repeated }: Seen): RepeatedRefusal {
  return { event: "repeated", requester, descriptor, by, of, repeated };
}
