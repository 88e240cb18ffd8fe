/** The addresses of this machine (NET-14), asked of the system again when the list is five seconds old. */
import type { InterfaceAddress } from "../datagram_port.ts";
import type { NetBackend } from "../port.ts";
import type { EngineHost } from "./engine_host.ts";

/** Milliseconds that a list is taken for true. */
export const OWN_ADDRESSES_MAX_AGE_MS: number = 5_000;

interface List {
  readonly atMs: number;
  readonly addresses: readonly InterfaceAddress[] | null;
}

const lists = new WeakMap<NetBackend, List>();

/**
 * The addresses of this machine.
 *
 * @param host Network and time.
 * @returns Null where the runtime's permissions, or the system, hide them.
 */
export function ownAddresses({ net, clock }: Pick<EngineHost, "net" | "clock">): readonly InterfaceAddress[] | null {
  const nowMs = clock.monotonicMs();
  const known = lists.get(net);
  if (known !== undefined && nowMs - known.atMs < OWN_ADDRESSES_MAX_AGE_MS) return known.addresses;
  const addresses = ask(net);
  lists.set(net, { atMs: nowMs, addresses });
  return addresses;
}

function ask(net: NetBackend): readonly InterfaceAddress[] | null {
  try {
    return net.interfaces();
  } catch {
    // Some systems let no program list them.
    return null;
  }
}
