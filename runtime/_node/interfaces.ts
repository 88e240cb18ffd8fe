/** The addresses of this machine, through `node:os`, which all three runtimes have. On Deno they need a permission. */
import os from "node:os";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { InterfaceAddress } from "../../net/datagram_port.ts";

const networkInterfaces = os.networkInterfaces;

/**
 * Lists the addresses of the interfaces that are up; a link-local IPv6 address carries its interface as zone.
 *
 * @throws {Error} On Deno, without permission.
 */
export function interfaceAddresses(): InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const { address: text, cidr } of entries ?? []) {
      // Names that cannot be zones exist on other systems; then the address goes without.
      const address = parseIpAddress(`${text}%${name}`) ?? parseIpAddress(text);
      if (address === null) continue;
      const length = Number(cidr?.split("/")[1] ?? NaN);
      const whole = address.family === 4 ? 32 : 128;
      found.push(Object.freeze({ name, address, prefixLength: length >= 0 && length <= whole ? length : whole }));
    }
  }
  return found;
}
