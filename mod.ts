/**
 * Parley: raw sockets for Deno, Bun and Node, opened only with consent.
 *
 * @module
 */
import { rawSockets } from "./net/ambient.ts";
import { permissions } from "./permissions/ambient_permissions.ts";
import type { Permissions } from "./permissions/api/mod.ts";
import type { NavigatorRawSockets } from "./net/faces/raw_sockets/mod.ts";

export * from "./net/mod.ts";
export { delegate, delegateTo, restrict } from "./permissions/mod.ts";
export type { Restriction } from "./permissions/mod.ts";
export type {
  PermissionChangeHandler,
  PermissionDescriptor,
  Permissions,
  PermissionStatus,
} from "./permissions/api/mod.ts";
export type { PermissionState } from "./permissions/judge.ts";
export type { FeatureName } from "./permissions/feature.ts";
export { ParleyError } from "./core/errors.ts";
export type { ParleyErrorOptions } from "./core/errors.ts";
export type { ErrorCode } from "./core/error_codes.ts";
export type { NavigatorRawSockets } from "./net/faces/raw_sockets/mod.ts";

/**
 * What web specifications put on `navigator`, for the main program. Nothing is installed globally.
 *
 * @example The spelling of the explainer
 * ```ts
 * import { navigator } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * await using socket = await navigator.openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * assert.equal(socket.remotePort, 7);
 * ```
 */
export const navigator: NavigatorRawSockets & { readonly permissions: Permissions } = Object.freeze({
  openTCPSocket: rawSockets.openTCPSocket,
  openUDPSocket: rawSockets.openUDPSocket,
  permissions,
});
