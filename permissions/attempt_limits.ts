/**
 * How often may be tried (NET-10): token buckets for each requester, each destination, and the operator's account across
 * processes. Refused and failed attempts count like any other. Scripts can neither read nor change the limits.
 */
import type { Clock } from "../core/clock.ts";
import { formatHostPort } from "../core/ip_address.ts";
import type { AttemptCounter } from "./attempt_limits_port.ts";
import type { Descriptor } from "./descriptor.ts";
import { programOf, type Requester } from "./requester.ts";

/** One limit: so many at once, and so many a second after that. */
export interface AttemptLimit {
  /** Attempts at once. */
  readonly burst: number;
  /** Attempts a second in the long run. */
  readonly perSecond: number;
}

/** The limits. */
export interface AttemptLimitSettings {
  /** For everything that one requester tries. */
  readonly requester: AttemptLimit;
  /** For one requester and one destination. */
  readonly destination: AttemptLimit;
  /** For all programs of the operator's account together, in a minute. */
  readonly accountPerMinute: number;
}

/** The limits where a policy names no others. */
export const DEFAULT_ATTEMPT_LIMITS: AttemptLimitSettings = Object.freeze({
  __proto__: null as never,
  requester: Object.freeze({ burst: 1_000, perSecond: 100 }),
  destination: Object.freeze({ burst: 300, perSecond: 50 }),
  accountPerMinute: 12_000,
});

/** Counts nothing, for where processes cannot know of each other. */
export const NO_COUNTER: AttemptCounter = Object.freeze({ count: () => 0 });

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept; past it those that were not used longest are forgotten. */
const MAX_BUCKETS = 10_000;

/** The limits of one process, and its part of the account's. */
export class AttemptLimits {
  readonly #clock: Clock;
  readonly #counter: AttemptCounter;
  readonly #settings: () => AttemptLimitSettings;
  readonly #buckets = new Map<string, Bucket>();

  /** @param init Time, the account's counter, and the limits that hold now. */
  constructor(init: {
    readonly clock: Clock;
    readonly counter: AttemptCounter;
    readonly settings: () => AttemptLimitSettings;
  }) {
    this.#clock = init.clock;
    this.#counter = init.counter;
    this.#settings = init.settings;
  }

  /** Counts an attempt. Says whether it may be made. */
  take(asking: Requester, { destination, transport, port }: Descriptor): boolean {
    const { requester, destination: one, accountPerMinute } = this.#settings();
    // Neither another library's name nor another key or scheme makes it another attempt.
    const program = programOf(asking);
    const where = formatHostPort(destination?.host.text ?? "", port);
    // Each is counted, whatever the others say.
    const withinRequester = this.#takeFrom(program, requester);
    const withinDestination = this.#takeFrom(`${program} ${transport} ${where}`, one);
    const withinAccount = this.#counter.count() <= accountPerMinute;
    return withinRequester && withinDestination && withinAccount;
  }

  #takeFrom(key: string, { burst, perSecond }: AttemptLimit): boolean {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    this.#keep(key, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) * perSecond / 1000);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  /** As the newest: what is in use is not forgotten, however many others there are. */
  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    if (this.#buckets.size >= MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(key, bucket);
  }
}
