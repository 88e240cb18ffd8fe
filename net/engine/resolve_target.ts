/** Which addresses an approved destination has: looked up after the approval (NET-08), and judged all or none (NET-14). */
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { DnsQueryType, NetBackend } from "../port.ts";

/** How to look up. */
export interface LookUpOptions {
  /** Which family; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Ends the lookup. */
  readonly signal: AbortSignal;
}

const LOCALHOST: readonly IpAddress[] = ["127.0.0.1", "::1"].map((text) => parseIpAddress(text)).filter((a) =>
  a !== null
);

/**
 * Finds the addresses of a grant's destination and lets the grant judge them.
 *
 * @param net The network.
 * @param grant The approval; it covers these addresses from then on, and no others.
 * @param options How.
 * @returns At least one address, in the resolver's order.
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` where the runtime's permissions let names be connected to and not looked up,
 * `NET_DNS` when there is no address, `PERM_ADDRESS` when one of them may not be reached under this name.
 */
export async function resolveTarget(
  net: NetBackend,
  grant: Grant,
  options: LookUpOptions,
): Promise<readonly IpAddress[]> {
  const { host, port } = grant.destination;
  // Deno counts "localhost" as a name, too: the address behind it would be another permission.
  if (host.text === "localhost") await requireResolvable(net, host.text, port);
  if (host.kind === "name") return grant.vet(await lookUpName(net, grant, { ...options, name: host.text, port }));
  const known = host.address === null ? LOCALHOST : [host.address];
  return grant.vet(known.filter((address) => isOfFamily(address, options.dnsQueryType)));
}

/**
 * Looks a name up, under an approval that stands for it. The answer is not judged here.
 *
 * @param net The network.
 * @param grant The approval.
 * @param options The canonical name, the port it is for, and how.
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` and `NET_DNS`, as {@linkcode resolveTarget}.
 */
export async function lookUpName(
  net: NetBackend,
  grant: Grant,
  options: LookUpOptions & { readonly name: string; readonly port: number },
): Promise<readonly IpAddress[]> {
  const { name, port, dnsQueryType: type, signal } = options;
  await requireResolvable(net, name, port);
  return await net.resolve(grant, name, { type, signal });
}

/** Whether an address is of the family that was asked for; null asks for any. */
export function isOfFamily(address: IpAddress, wanted: DnsQueryType | null): boolean {
  return wanted === null || address.family === (wanted === "ipv4" ? 4 : 6);
}

async function requireResolvable(net: NetBackend, name: string, port: number): Promise<void> {
  if (await net.canResolve(name, port)) return;
  throw new ParleyError(
    "RUNTIME_UNSUPPORTED",
    `Cannot look up ${name}: the runtime's permissions name the host alone; give the address, or allow the network`,
  );
}
