/** What outlives the process, on Deno: only with permissions that are there already; nothing is asked for. */
import { processState } from "../_node/process_state.ts";
import type { HostState } from "../host.ts";
import { systemClock } from "../system_clock.ts";
import { denoLaunch, hasAllPermissions } from "./launch.ts";
import { listenTo } from "../_node/listen_to.ts";

const permissions = Deno.permissions;
const querySync = permissions.querySync.bind(permissions);

/** The user's files, for a Deno with the permissions that they take. */
export const denoState: HostState = processState({
  launch: denoLaunch,
  clock: systemClock,
  obstacle: () => hasAllPermissions() ? null : "Deno was started without all permissions",
  // Every member is an own property, so that Object.prototype cannot narrow a question (CORE-01).
  mayRead: (path) => querySync({ name: "read", path }).state === "granted",
  uid: () => querySync({ name: "sys", kind: "uid" }).state === "granted" ? Deno.uid() : null,
  // Told of each end in order, `Deno.exit` included.
  onExit: (callback) => listenTo(globalThis, "unload", callback),
});
