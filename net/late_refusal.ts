/**
 * What a lookup finds out about an approved name is told at one moment, whatever it is (NET-17): that the name does not
 * exist, that it leads into the operator's network, that `fetch()` reaches the host. The operator is told at once.
 */
import { abortError, onAbort } from "../core/abort.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { ErrorCode } from "../core/error_codes.ts";
import { isParleyError, ParleyError } from "../core/errors.ts";
import type { Grant } from "../permissions/grant.ts";
import { isRefusal, tellAsRefusal } from "./refusal.ts";

/** Milliseconds from the approval to the moment at which such a refusal is told. */
export const LATE_REFUSAL_MS: number = 5_000;
/** Milliseconds in which all is found out: breaking off what hangs takes a moment, which must not show in the telling. */
export const JUDGED_WITHIN_MS: number = 4_900;

/** Refusals that no lookup led to: they tell nothing of the destination, and are told at once. */
const AT_ONCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["PERM_REVOKED", "PERM_SPENT", "PERM_INSECURE"]);

/** Whose attempt it is, and how long it may take. */
export interface LateRefusalTerms {
  /** Measures, from now. */
  readonly clock: Clock;
  /** The approvals: the destination's, and the proxy's if there is one. */
  readonly grants: readonly Grant[];
  /** What is looked up, for the operator. */
  readonly name: string;
  /**
   * Whether more is found out than where the names of the approvals lead: whether `fetch()` would do (NET-12), or about a
   * name that the approval does not name (NET-28).
   */
  readonly findsMore: boolean;
  /** Withdraws the request, and so ends the waiting. */
  readonly signal: AbortSignal;
  /**
   * Milliseconds that the program gives the attempt, or null. If they are fewer, it is told then that time is up, as for
   * a host that does not answer.
   */
  readonly timeoutMs: number | null;
}

/** What is attempted. */
export interface LateRefusalSteps<Result> {
  /**
   * Attempts it.
   *
   * @param judging Fires when the destination must have been judged, {@linkcode JUDGED_WITHIN_MS} after the start; null for
   * never.
   */
  work(judging: AbortSignal | null): Promise<Result>;
  /** Tells the operator of a failure, before the program is told. */
  failed(error: unknown): void;
}

/**
 * Attempts something, and holds back what a lookup finds out against it. That holds the process open.
 *
 * The errors of the operator's own commands are the operator's, and told at once.
 *
 * @param terms Whose attempt it is.
 * @param steps What to attempt, and who is told.
 * @throws What the attempt fails with. Refusals and failed lookups come {@linkcode LATE_REFUSAL_MS} after the start, and
 * faces tell them all alike; the reason of the signal comes when that fires.
 */
export async function holdBack<Result>(terms: LateRefusalTerms, steps: LateRefusalSteps<Result>): Promise<Result> {
  const late = isFoundOut(terms) ? new LateRefusal(terms) : null;
  try {
    return await steps.work(late?.judging ?? null);
  } catch (error) {
    steps.failed(error);
    throw late === null ? error : await late.instead(error);
  } finally {
    late?.end();
  }
}

function isFoundOut({ grants, findsMore }: LateRefusalTerms): boolean {
  if (grants.some(({ requester }) => requester.role === "command")) return false;
  return findsMore || grants.some(({ destination }) => destination.host.kind === "name");
}

/** The moment of telling, for one attempt. */
class LateRefusal {
  readonly #judging = new AbortController();
  readonly #due = Promise.withResolvers<void>();
  readonly #terms: LateRefusalTerms;
  readonly #timers: readonly Timer[];

  constructor(terms: LateRefusalTerms) {
    this.#terms = terms;
    const { clock, timeoutMs } = terms;
    const toldMs = Math.min(LATE_REFUSAL_MS, timeoutMs ?? LATE_REFUSAL_MS);
    this.#timers = [
      clock.after(toldMs * JUDGED_WITHIN_MS / LATE_REFUSAL_MS, () => this.#endJudging()),
      clock.after(toldMs, () => this.#due.resolve()),
    ];
  }

  /** What was not judged by then is refused. */
  get judging(): AbortSignal {
    return this.#judging.signal;
  }

  /** What the program is told of a failure, once it is time. */
  async instead(error: unknown): Promise<unknown> {
    if (!isLate(error)) return error;
    const { signal, timeoutMs } = this.#terms;
    const forget = onAbort(signal, () => this.#due.resolve());
    if (!signal.aborted) await this.#due.promise;
    forget();
    if (signal.aborted) return abortError(signal.reason);
    if (timeoutMs === null || timeoutMs >= LATE_REFUSAL_MS) return tellAsRefusal(error);
    return new ParleyError("NET_TIMEOUT", `Cannot connect within ${timeoutMs} ms`);
  }

  end(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #endJudging(): void {
    this.#judging.abort(new ParleyError("NET_DNS", `Cannot look up ${this.#terms.name}: no answer came in time`));
  }
}

/** Until when something is to be done. */
export interface JudgingTerms {
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Ends the judging, or null. */
  readonly judging: AbortSignal | null;
}

/**
 * Does what belongs to judging a destination, until just before the moment of telling at the longest.
 *
 * @param terms Until when.
 * @param work What to do, under a signal for both.
 * @throws {ParleyError} The reason of `judging` once that has fired; else what the work throws.
 */
export function withinJudging<Result>(
  { signal, judging }: JudgingTerms,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (judging === null) return work(signal);
  const either = AbortSignal.any([signal, judging]);
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(judging.reason));
    // Heard before the work hears of it: what a back end calls an abort does not matter then.
    const forget = onAbort(judging, stop);
    if (judging.aborted) stop();
    work(either).then(resolve, reject).finally(forget);
  });
}

function isLate(error: unknown): error is ParleyError {
  if (!isParleyError(error) || AT_ONCE.has(error.code)) return false;
  return error.code === "NET_DNS" || isRefusal(error);
}
