/**
 * Which addresses an approved destination has: looked up after the approval (NET-08), and judged all or none (NET-14). Names
 * under `.local` are asked of the neighbours, by multicast DNS, and never of a name server.
 */
import { ParleyError } from "../../core/errors.ts";
import type { CanonicalHost } from "../../core/host.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import { type Surroundings, vetAddresses } from "../../permissions/vetting.ts";
import type { ByteLink, DnsQueryType, NetBackend } from "../port.ts";
import type { EngineHost } from "./engine_host.ts";
import { lookUpByMulticast } from "./mdns/look_up_by_multicast.ts";
import { ownAddresses } from "./own_addresses.ts";

/** How to look up. */
export interface LookUpOptions {
  /** Which family; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Ends the lookup. */
  readonly signal: AbortSignal;
}

/** What looking up needs of a host. */
type LookUpHost = Pick<EngineHost, "net" | "clock">;

const LOCALHOST: readonly IpAddress[] = ["127.0.0.1", "::1"].map((text) => parseIpAddress(text)).filter((a) =>
  a !== null
);

/** What a network is likely to be where it cannot be known: of IPv6 the length is fixed, of IPv4 it is the usual one. */
const LIKELY_PREFIX: Readonly<Record<4 | 6, number>> = Object.freeze({ __proto__: null as never, 4: 24, 6: 64 });

/**
 * Finds the addresses of a grant's destination and lets the grant judge them.
 *
 * @param host Network and time.
 * @param grant The approval; it covers these addresses from then on, and no others.
 * @param options How; with `judgesFarEnd` the caller holds each connection by {@linkcode vetFarEnd} before any byte, so that
 * it may go on where the runtime hides the addresses of this machine.
 * @returns At least one address, in the resolver's order.
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` where the runtime's permissions let names be connected to and not looked up,
 * or hide what an answer is judged by; `NET_DNS` when there is no address, `PERM_ADDRESS` when one of them may not be
 * reached under this name.
 */
export async function resolveTarget(
  host: LookUpHost,
  grant: Grant,
  options: LookUpOptions & { readonly judgesFarEnd: boolean },
): Promise<readonly IpAddress[]> {
  const { host: target, port } = grant.destination;
  const { dnsQueryType, signal, judgesFarEnd } = options;
  // Deno counts "localhost" as a name, too: the address behind it would be another permission.
  if (target.text === "localhost") await requireResolvable(host.net, target.text, port);
  if (target.kind === "name") {
    if (!judgesFarEnd) requireOwn(host, target.text);
    const answer = await lookUp(host, grant, { target, port, dnsQueryType, signal });
    return grant.vet(answer, surroundingsOf(host, target));
  }
  const known = target.address === null ? LOCALHOST : [target.address];
  return grant.vet(known.filter((address) => isOfFamily(address, dnsQueryType)));
}

/**
 * Looks a name up, under an approval for every public address, and judges the answer.
 *
 * @param host Network and time.
 * @param grant The approval.
 * @param options The name, the port it is for, and what ends the lookup.
 * @throws {ParleyError} as {@linkcode resolveTarget}; `PERM_ADDRESS` for what is no public name.
 */
export async function resolvePublicName(
  host: LookUpHost,
  grant: Grant,
  options: { readonly target: CanonicalHost; readonly port: number; readonly signal: AbortSignal },
): Promise<readonly IpAddress[]> {
  const { target } = options;
  if (target.kind !== "name" || isMulticastName(target)) {
    throw new ParleyError("PERM_ADDRESS", `Cannot send to ${target.text}: the permission is for public addresses`);
  }
  requireOwn(host, target.text);
  const found = await lookUp(host, grant, { ...options, dnsQueryType: null });
  return vetAddresses(target, found, { ...surroundingsOf(host, target), blocks: [] });
}

/**
 * Judges where a connection by name ended, before any byte passes: whatever lists and routes say, a far end that has the
 * address of the near one is this machine. Where the runtime hides the addresses of this machine, the near end's network
 * stands for all (IPv6 /64, IPv4 /24).
 *
 * @param host Network and time.
 * @param grant The approval.
 * @param link The connection; it is broken off when it may not be.
 * @throws {ParleyError} `PERM_ADDRESS`.
 */
export function vetFarEnd(host: LookUpHost, grant: Grant, link: ByteLink): void {
  const { host: target } = grant.destination;
  // Who answers by multicast was judged by the whole list; a link-local address shows no zone here on every runtime.
  if (target.kind !== "name" || isMulticastName(target)) return;
  try {
    const far = parseIpAddress(link.remote.address);
    if (far === null) throw notCovered();
    grant.vet([far], withNearEnd(surroundingsOf(host, target), link));
    if (!grant.covers(far, link.remote.port)) throw notCovered();
  } catch (error) {
    link.reset();
    throw error;
  }
}

/** Whether a name is one that only neighbours answer for: https://www.rfc-editor.org/rfc/rfc6762#section-3 */
export function isMulticastName({ kind, text }: CanonicalHost): boolean {
  return kind === "name" && text.endsWith(".local");
}

/** Whether an address is of the family that was asked for; null asks for any. */
export function isOfFamily(address: IpAddress, wanted: DnsQueryType | null): boolean {
  return wanted === null || address.family === (wanted === "ipv4" ? 4 : 6);
}

async function lookUp(
  host: LookUpHost,
  grant: Grant,
  options: LookUpOptions & { readonly target: CanonicalHost; readonly port: number },
): Promise<readonly IpAddress[]> {
  const { target, port, dnsQueryType: type, signal } = options;
  await requireResolvable(host.net, target.text, port);
  if (isMulticastName(target)) return await lookUpByMulticast(host, grant, { name: target.text, type, signal });
  return await host.net.resolve(grant, target.text, { type, signal });
}

function surroundingsOf(host: LookUpHost, target: CanonicalHost): Surroundings {
  return { own: ownAddresses(host), byMulticast: isMulticastName(target) };
}

function withNearEnd({ own, byMulticast }: Surroundings, { local }: ByteLink): Surroundings {
  const address = parseIpAddress(local.address);
  if (address === null) throw notCovered();
  const whole = address.family === 4 ? 32 : 128;
  const prefixLength = own === null ? LIKELY_PREFIX[address.family] : whole;
  return { own: [...own ?? [], { address, prefixLength }], byMulticast };
}

function notCovered(): ParleyError {
  return new ParleyError("PERM_ADDRESS", "Cannot connect: the address is not covered by the permission");
}

async function requireResolvable(net: NetBackend, name: string, port: number): Promise<void> {
  if (await net.canResolve(name, port)) return;
  throw new ParleyError(
    "RUNTIME_UNSUPPORTED",
    `Cannot look up ${name}: the runtime's permissions name the host alone; give the address, or allow the network`,
  );
}

/** Before the lookup, so that nothing leaves for a name that could not be judged. */
function requireOwn(host: LookUpHost, name: string): void {
  if (ownAddresses(host) !== null) return;
  throw new ParleyError(
    "RUNTIME_UNSUPPORTED",
    `Cannot look up ${name}: this machine's own addresses, by which the answer is judged, are hidden ` +
      "(Deno: --allow-sys=networkInterfaces); allow that, or give the address",
  );
}
