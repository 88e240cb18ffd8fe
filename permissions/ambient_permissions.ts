/** The permissions of the main program. */
import { ambientContext } from "./ambient.ts";
import { createPermissions, type Permissions } from "./api/mod.ts";

/** What the main program may know of its permissions. */
export const permissions: Permissions = createPermissions(ambientContext);
