/** The Permissions API. The only module here that the rest of Parley needs. */
export { createPermissions, Permissions, type PermissionsContext, type PermissionsSource } from "./permissions.ts";
export type { PermissionDescriptor } from "./permission_descriptor.ts";
export { type PermissionChangeHandler, PermissionStatus } from "./permission_status.ts";
