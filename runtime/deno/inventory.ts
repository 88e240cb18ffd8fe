/**
 * What is open, shown to the user's other processes, on Deno. Only with permissions that are there already: nothing is asked
 * for, and where Deno hides whether private mode was wanted, it was.
 */
import { inventoryBySocket } from "../_node/inventory_socket.ts";
import type { InventoryExchange } from "../../net/inventory_port.ts";
import { denoLaunch } from "./launch.ts";
import { listenTo } from "../_node/listen_to.ts";

const permissions = Deno.permissions;
const querySync = permissions.querySync.bind(permissions);

/** The exchange by sockets, for a Deno with the permissions that it takes. */
export const denoInventory: InventoryExchange = inventoryBySocket({
  pid: denoLaunch.pid,
  variable: (name) => denoLaunch.env(name),
  obstacle: (directory) => lacking(directory) ? "Deno was started without the permissions that it takes" : null,
  // Told of each end in order, `Deno.exit` included.
  onExit: (callback) => listenTo(globalThis, "unload", callback),
});

/** Every member is an own property, so that Object.prototype cannot narrow a question (CORE-01). */
function lacking(directory: string): boolean {
  const needed = [
    { name: "env", variable: "PARLEY_PRIVATE" },
    { name: "sys", kind: "uid" },
    // The directories above are looked at, too.
    { name: "read", path: undefined },
    { name: "write", path: directory },
    { name: "net", host: undefined },
  ] as unknown as Deno.PermissionDescriptor[];
  return needed.some((descriptor) => querySync(descriptor).state !== "granted");
}
