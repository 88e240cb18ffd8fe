/**
 * The Permissions API: https://www.w3.org/TR/permissions/#permissions-interface, with `request` and `revoke` as Deno has them.
 *
 * Deviation: for a network destination `query` says `granted` only where this program was connected, or asked ahead; for
 * all others it gives one answer for the whole feature. Otherwise a program could read the operator's rules by guessing.
 */
import { requireArguments } from "../../core/interface_call.ts";
import { isParleyError } from "../../core/errors.ts";
import { promised } from "../../core/promised.ts";
import { defineInterface } from "../../core/webidl.ts";
import type { Broker } from "../broker.ts";
import type { Requester } from "../requester.ts";
import {
  type AskedPermission,
  type PermissionDescriptor,
  requestOf,
  toAskedPermission,
} from "./permission_descriptor.ts";
import { type PermissionStatus, StatusRegistry } from "./permission_status.ts";

/** Whose permissions they are. */
export interface PermissionsContext {
  /** Who decides. */
  readonly broker: Broker;
  /** Whom the permissions are for. */
  readonly requester: Requester;
}

/** Where the context comes from: late, so that an import opens and reads nothing. */
export type PermissionsSource = () => Promise<PermissionsContext>;

/** The context, once it is there, and who wants to hear of changes. */
interface Live {
  readonly context: PermissionsContext;
  readonly statuses: StatusRegistry;
}

let make: (source: PermissionsSource) => Permissions;

const MAKE: unique symbol = Symbol("make");

/**
 * What a program may know of its permissions. `navigator.permissions`.
 *
 * @example What a program may know before it asks
 * ```ts
 * import { navigator } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * const { state } = await navigator.permissions.query({ name: "listen" });
 * assert.equal(state, "prompt");
 * ```
 */
export class Permissions {
  readonly #source: PermissionsSource;
  #registry: Promise<Live> | null = null;

  static {
    make = (source) => new Permissions(MAKE as never, source as never);
  }

  /**
   * Makes nothing: there is one on each navigator.
   *
   * @throws {TypeError} always.
   */
  constructor(...given: never[]) {
    const [token, source] = given as unknown as [unknown, PermissionsSource];
    if (token !== MAKE) throw new TypeError("Illegal constructor");
    this.#source = source;
  }

  /**
   * The state of a permission. Asks nobody.
   *
   * @param permissionDesc The feature, and for a network feature where to.
   * @returns `granted`, `denied` or `prompt`, with `change` events for what becomes of it.
   * @throws {TypeError} for a name that is no feature's, or a destination that is none.
   *
   * @example What a program may know
   * ```ts
   * import { navigator } from "@parley/parley";
   * import assert from "node:assert/strict";
   *
   * const status = await navigator.permissions.query({ name: "direct-sockets" });
   * assert.equal(status.state, "prompt");
   * await assert.rejects(navigator.permissions.query({ name: "telepathy" as never }), TypeError);
   * ```
   */
  query(permissionDesc: PermissionDescriptor): Promise<PermissionStatus> {
    const count = arguments.length;
    return promised(async () => {
      requireArguments(count, { needed: 1, deed: "query a permission" });
      return await this.#status(toAskedPermission(permissionDesc));
    });
  }

  /**
   * Asks the operator for a permission ahead of its use, for the run or for good. The use is then not asked about.
   *
   * @param permissionDesc A network feature and where to.
   * @returns The state that came of it; a refusal is no error here.
   * @throws {TypeError} for a name that is no feature's, or without a destination.
   * @throws {DOMException} `NotSupportedError` for a feature that is asked about when it is used.
   *
   * @example Asking ahead
   * ```ts
   * import { navigator } from "@parley/parley";
   * import assert from "node:assert/strict";
   *
   * const where = { remoteAddress: "echo.example", remotePort: 7 };
   * const status = await navigator.permissions.request({ name: "direct-sockets", ...where });
   * assert.equal(status.name, "direct-sockets");
   * ```
   */
  request(permissionDesc: PermissionDescriptor): Promise<PermissionStatus> {
    const count = arguments.length;
    return promised(async () => {
      requireArguments(count, { needed: 1, deed: "request a permission" });
      const asked = toAskedPermission(permissionDesc);
      const descriptor = requestOf(asked);
      if (descriptor === null) throw notAhead(asked);
      const { context } = await this.#context();
      const { signal } = new AbortController();
      try {
        await context.broker.requestAhead(context.requester, descriptor, { signal, lifetimes: null, claim: null });
      } catch (error) {
        // No is an answer; anything else is not expected here.
        if (!isParleyError(error)) throw error;
      }
      return await this.#status(asked);
    });
  }

  /**
   * Gives a permission back. What uses it ends at once.
   *
   * @param permissionDesc The feature, and for a network feature where to; without a destination every one.
   * @returns The state that came of it.
   * @throws {TypeError} for a name that is no feature's, or a destination that is none.
   *
   * @example Giving back what is not needed any more
   * ```ts
   * import { navigator, openTCPSocket } from "@parley/parley";
   * import assert from "node:assert/strict";
   *
   * const where = { remoteAddress: "echo.example", remotePort: 7 };
   * const socket = await openTCPSocket(where);
   * await navigator.permissions.revoke({ name: "direct-sockets", ...where });
   * await assert.rejects(socket.closed, { name: "NotAllowedError" });
   * ```
   */
  revoke(permissionDesc: PermissionDescriptor): Promise<PermissionStatus> {
    const count = arguments.length;
    return promised(async () => {
      requireArguments(count, { needed: 1, deed: "revoke a permission" });
      const asked = toAskedPermission(permissionDesc);
      const { context } = await this.#context();
      context.broker.revoke(context.requester, asked.name, asked.place);
      return await this.#status(asked);
    });
  }

  async #status({ name, place }: AskedPermission): Promise<PermissionStatus> {
    const { context: { broker, requester }, statuses } = await this.#context();
    return statuses.make({ name, readState: () => broker.state(requester, name, place) });
  }

  #context(): Promise<Live> {
    this.#registry ??= this.#source().then((context) => {
      const statuses = new StatusRegistry();
      context.broker.onChange(() => statuses.changed());
      return { context, statuses };
    });
    return this.#registry;
  }
}

defineInterface(Permissions, { tag: "Permissions", members: ["query", "request", "revoke"] });

/**
 * Makes the permissions of a navigator.
 *
 * @param source Whose they are.
 */
export function createPermissions(source: PermissionsSource): Permissions {
  return make(source);
}

function notAhead({ name, place }: AskedPermission): Error {
  if (place !== null || name === "direct-sockets" || name === "listen") {
    return new TypeError(`Cannot request ${name}: name where to, with an address and a port`);
  }
  return new DOMException(`Cannot request ${name} ahead: it is asked about when it is used`, "NotSupportedError");
}
