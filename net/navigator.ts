/** A navigator of a library's own, so that what it asks for is asked in its name (NET-13). */
import { member, requireDictionary } from "../core/dictionary.ts";
import { requesterFor } from "../permissions/ambient.ts";
import { createPermissions, type Permissions } from "../permissions/api/mod.ts";
import {
  type FeatureAllowLists,
  type FeaturePolicy,
  readFeaturePolicy,
} from "../permissions/delegation/feature_policy.ts";
import { readModuleMeta } from "../permissions/delegation/module_meta.ts";
import type { Requester } from "../permissions/requester.ts";
import { ambientNetContext } from "./ambient.ts";
import type { NetContext } from "./context.ts";
import { createRawSockets, type NavigatorRawSockets } from "./faces/raw_sockets/mod.ts";

/** What a navigator is narrowed to. */
export interface NavigatorOptions {
  /**
   * For each feature whether this navigator may use it: `["self"]`, or `[]` for no. Features that are not named are left as
   * they are; nothing is added. Default: no feature is named.
   */
  readonly permissionsPolicy?: FeatureAllowLists;
}

/** A navigator of one module. */
export interface LibraryNavigator extends NavigatorRawSockets {
  /** What this navigator may know of its permissions. */
  readonly permissions: Permissions;
}

/**
 * Makes a navigator that acts for the calling module and not for the program as a whole. A library has nothing by it until the
 * main module delegates to it; then the operator is asked in the library's name.
 *
 * In the main module it acts for the program, as the exported functions do, and can be narrowed.
 *
 * @param meta The `import.meta` of the caller. It is a label, never evidence; see `delegate`.
 * @param options What to narrow the navigator to.
 * @returns The navigator.
 * @throws {TypeError} When `meta` has no URL, or the policy names a feature or an origin that is none.
 *
 * @example A library that nothing was delegated to
 * ```ts
 * import { createNavigator } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const navigator = createNavigator(import.meta);
 * const refused = navigator.openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * await assert.rejects(refused, { name: "NotAllowedError" });
 * assert.equal((await navigator.permissions.query({ name: "direct-sockets" })).state, "denied");
 * ```
 */
export function createNavigator(meta: { readonly url: string }, options: NavigatorOptions = {}): LibraryNavigator {
  const module = readModuleMeta(meta);
  const lists = member(requireDictionary(options, "options"), "permissionsPolicy");
  const policy: FeaturePolicy = lists === undefined ? new Map() : readFeaturePolicy(lists, { self: true });
  let requester: Promise<Requester> | null = null;
  const context = async (): Promise<NetContext> => {
    // One for all its sockets: what it was made with is known by this object.
    requester ??= requesterFor(module, policy);
    return { ...await ambientNetContext(), requester: await requester };
  };
  return Object.freeze({ ...createRawSockets(context), permissions: createPermissions(context) });
}
