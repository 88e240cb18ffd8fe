/**
 * Looking names up with the system's resolver, through `node:dns`, which all three runtimes have.
 *
 * The name is made absolute with a final dot, so that no search suffix and no HOSTALIASES entry changes what is asked
 * (NET-24). Deviation from a plain lookup: glibc's hosts file does not match names with a final dot.
 */
import dns from "node:dns";
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { DnsQueryType } from "../../net/port.ts";

const lookup = dns.lookup;

/** What {@linkcode resolveName} is to look up, and how. */
export interface ResolveOptions {
  /** Which family, or null for both. */
  readonly type: DnsQueryType | null;
  /** Ends the waiting; the system's lookup goes on unheard, for it cannot be stopped. */
  readonly signal: AbortSignal;
  /** Turns the runtime's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
}

/**
 * Looks up all addresses of a name, in the order the system gives, each once.
 *
 * @param host A canonical name without a final dot.
 * @param options Family, signal, and the runtime's error translation.
 * @throws {ParleyError} `NET_DNS` when there is no address, and for every name under `.local`; `NET_ABORTED` on abort,
 * `NET_OS_DENIED` when forbidden.
 */
export async function resolveName(host: string, options: ResolveOptions): Promise<IpAddress[]> {
  const { type, signal, translate } = options;
  refuseMulticastName(host);
  if (signal.aborted) throw abortError(signal.reason);
  const answer = await abortable(signal, (resolve: (texts: readonly string[]) => void, reject) => {
    const doing = `look up ${host}`;
    // Own properties all, so that nothing added to Object.prototype steers the lookup (CORE-01).
    const lookupOptions = {
      __proto__: null,
      all: true as const,
      family: type === "ipv4" ? 4 : type === "ipv6" ? 6 : 0,
      hints: 0,
      order: "verbatim" as const,
      verbatim: true,
    };
    lookup(absoluteName(host), lookupOptions, (error, addresses) => {
      if (error) reject(translate(error, doing));
      else resolve(addresses.map(({ address }) => address));
    });
  });
  return parseAll(host, answer);
}

/**
 * The name with a final dot, so that no search suffix applies. `localhost` stays as it is: it stands in the hosts file only.
 *
 * @param host A canonical name.
 */
export function absoluteName(host: string): string {
  return host === "localhost" || host.endsWith(".localhost") || host.endsWith(".") ? host : `${host}.`;
}

/**
 * Refuses names under `.local`: neighbours answer for them, and the system may ask a name server, which then knows what is
 * looked for here and could say where it is.
 *
 * @param host A canonical name without a final dot.
 * @throws {ParleyError} `NET_DNS`.
 */
export function refuseMulticastName(host: string): void {
  if (!host.endsWith(".local")) return;
  throw new ParleyError("NET_DNS", `Cannot look up ${host}: no name server is asked for names under .local`);
}

function parseAll(host: string, texts: readonly string[]): IpAddress[] {
  const found = new Map<string, IpAddress>();
  for (const text of texts) {
    const address = parseIpAddress(text);
    if (address === null) throw new ParleyError("NET_DNS", `Cannot look up ${host}: the answer holds no plain address`);
    found.set(text, address);
  }
  if (found.size === 0) throw new ParleyError("NET_DNS", `Cannot look up ${host}: the name has no address`);
  return [...found.values()];
}

/**
 * A promise that rejects as soon as the signal fires; what comes later is not heard.
 *
 * @param signal The signal, not yet fired.
 * @param start Begins the work, in the manner of a Promise's executor.
 */
export function abortable<T>(
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(abortError(signal.reason)));
    const settled = <A>(settle: (value: A) => void) => (value: A): void => {
      forget();
      settle(value);
    };
    try {
      start(settled(resolve), settled(reject));
    } catch (error) {
      settled(reject)(error);
    }
  });
}
