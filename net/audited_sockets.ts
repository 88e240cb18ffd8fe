/** Writes down what becomes of approved sockets: the audit log has what was opened, and what had passed when it ended. */
import { formatHostPort } from "../core/ip_address.ts";
import type { Broker } from "../permissions/broker.ts";
import type { InventoryEntry, InventoryFollower } from "./engine/inventory.ts";

/**
 * Follows an inventory for the audit log.
 *
 * @param broker Keeps the log.
 */
export function auditedSockets(broker: Broker): InventoryFollower {
  const note = (event: "opened" | "closed", { grant, remote, kind, counters }: InventoryEntry): void => {
    const { requester, descriptor } = grant;
    const passed = `${counters.bytesReceived} bytes received, ${counters.bytesSent} sent`;
    broker.note({
      event,
      requester,
      descriptor,
      address: remote === null ? null : formatHostPort(remote.address, remote.port),
      detail: event === "opened" ? kind : `${kind}, ${passed}`,
    });
  };
  return Object.freeze({
    opened: (entry: InventoryEntry) => note("opened", entry),
    closed: (entry: InventoryEntry) => note("closed", entry),
  });
}
