/**
 * Connecting to one of several vetted addresses without waiting for those that do not answer: Happy Eyeballs,
 * https://www.rfc-editor.org/rfc/rfc8305
 */
import { abortError, onAbort } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import type { IpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ByteLink, ConnectOptions, NetBackend } from "../port.ts";

/** Milliseconds until the next address is tried while one is still silent ("Connection Attempt Delay"). */
export const ATTEMPT_DELAY_MS: number = 250;
/** No more addresses than this are tried: an answer with hundreds is no reason to knock on hundreds of doors. */
export const MAX_ATTEMPTS: number = 8;

/** Where to connect, and how. */
export interface ConnectTarget {
  /** Vetted addresses in the resolver's order; at least one. */
  readonly addresses: readonly IpAddress[];
  /** The port. */
  readonly port: number;
  /** For each attempt. */
  readonly options: ConnectOptions;
}

/** The first that is there tells most: that nothing listens is more than that no way was found, or that nobody answered. */
const TELLING: readonly ErrorCode[] = [
  "NET_OS_DENIED",
  "NET_REFUSED",
  "NET_RESET",
  "NET_UNREACHABLE",
  "NET_TIMEOUT",
];

/**
 * Connects to the first address that lets it, families by turns.
 *
 * @param host Network and time.
 * @param grant The approval. Every address is held against it again.
 * @param target Where to, and how.
 * @throws {ParleyError} `PERM_ADDRESS` for an address that the grant does not cover; else the most telling failure of all
 * attempts, with the number of them in `detail`. No other connection stays open.
 */
export function connectAddresses(
  host: RaceHost,
  grant: Grant,
  target: ConnectTarget,
): Promise<ByteLink> {
  for (const address of target.addresses) requireCovered(grant, address, target.port);
  const [first] = target.addresses;
  if (first !== undefined && target.addresses.length === 1) {
    return host.net.connect(grant, { address: first, port: target.port }, target.options);
  }
  return new Race(host, grant, target).run();
}

/**
 * Refuses an address that the approval is not for.
 *
 * @throws {ParleyError} `PERM_ADDRESS`
 */
export function requireCovered(grant: Grant, address: IpAddress | null, port: number): void {
  if (address !== null && grant.covers(address, port)) return;
  throw new ParleyError("PERM_ADDRESS", "Cannot connect: the address is not covered by the permission");
}

/** Addresses of both families by turns, beginning with that of the first; the order within a family stays. */
export function interleave(addresses: readonly IpAddress[]): readonly IpAddress[] {
  const [first] = addresses;
  const mine = addresses.filter(({ family }) => family === first?.family);
  const other = addresses.filter(({ family }) => family !== first?.family);
  const mixed: IpAddress[] = [];
  for (let at = 0; at < Math.max(mine.length, other.length); at++) {
    mixed.push(...mine.slice(at, at + 1), ...other.slice(at, at + 1));
  }
  return mixed.slice(0, MAX_ATTEMPTS);
}

interface RaceHost {
  readonly net: NetBackend;
  readonly clock: Clock;
}

class Race {
  readonly #host: RaceHost;
  readonly #grant: Grant;
  readonly #target: ConnectTarget;
  readonly #waiting: IpAddress[];
  readonly #losers = new AbortController();
  readonly #failures: unknown[] = [];
  readonly #outcome = Promise.withResolvers<ByteLink>();
  #running = 0;
  #over = false;
  #stopTimer: () => void = () => {};

  constructor(host: RaceHost, grant: Grant, target: ConnectTarget) {
    this.#host = host;
    this.#grant = grant;
    this.#target = target;
    this.#waiting = [...interleave(target.addresses)];
  }

  async run(): Promise<ByteLink> {
    const { signal } = this.#target.options;
    const forget = onAbort(signal, () => this.#end(() => this.#outcome.reject(abortError(signal.reason))));
    try {
      this.#next();
      return await this.#outcome.promise;
    } finally {
      forget();
    }
  }

  /** Starts the next attempt, and sets the time for the one after it. */
  #next(): void {
    this.#stopTimer();
    const address = this.#waiting.shift();
    if (address === undefined) return;
    this.#running++;
    const { port, options } = this.#target;
    const signal = AbortSignal.any([options.signal, this.#losers.signal]);
    this.#host.net.connect(this.#grant, { address, port }, { ...options, signal }).then(
      (link) => this.#connected(link),
      (error) => this.#failed(error),
    );
    if (this.#waiting.length === 0) return;
    const timer = this.#host.clock.after(ATTEMPT_DELAY_MS, () => this.#next());
    this.#stopTimer = () => timer.cancel();
  }

  #connected(link: ByteLink): void {
    // A runtime that cannot cancel may still deliver a connection that nobody waits for.
    if (this.#over) return link.reset();
    this.#end(() => this.#outcome.resolve(link));
  }

  #failed(error: unknown): void {
    this.#running--;
    if (this.#over) return;
    this.#failures.push(error);
    if (this.#waiting.length > 0) this.#next();
    else if (this.#running === 0) this.#end(() => this.#outcome.reject(mostTelling(this.#failures)));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopTimer();
    settle();
    this.#losers.abort(new ParleyError("NET_ABORTED", "Cannot connect: another address was faster"));
  }
}

function mostTelling(failures: readonly unknown[]): unknown {
  const rank = (error: unknown): number => {
    const at = isParleyError(error) ? TELLING.indexOf(error.code) : -1;
    return at < 0 ? TELLING.length : at;
  };
  const [best] = failures.toSorted((a, b) => rank(a) - rank(b));
  if (!isParleyError(best)) return best;
  return new ParleyError(best.code, best.message, {
    cause: best.cause ?? best,
    detail: { ...best.detail, attempts: failures.length },
  });
}
