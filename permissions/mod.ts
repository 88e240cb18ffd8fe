/**
 * Permissions: how a program gives them up, and passes them on to its libraries and Workers.
 *
 * @module
 */
import { ParleyError } from "../core/errors.ts";
import { ambientContext, isProgram, serveWorker } from "./ambient.ts";
import { type FeatureAllowLists, readFeaturePolicy } from "./delegation/feature_policy.ts";
import { readModuleMeta } from "./delegation/module_meta.ts";
import type { FeatureName } from "./feature.ts";
import { applyRestriction, type Restriction } from "./restrict.ts";

export type { FeatureAllowLists } from "./delegation/feature_policy.ts";
export type { FeatureName } from "./feature.ts";
export type { Restriction } from "./restrict.ts";

/**
 * Gives up power for the rest of the process. There is no way back: code can only narrow what the operator allows.
 *
 * @param restriction What to give up.
 * @throws {ParleyError} `DEST_SYNTAX` or `DEST_HOST` for text that is not a destination.
 *
 * @example A program that will never send mail
 * ```ts
 * import { restrict } from "@parley/parley/permissions";
 * import { openTCPSocket } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * await restrict({ deny: ["*:25"] });
 * const refused = openTCPSocket({ remoteAddress: "mail.example", remotePort: 25 });
 * await assert.rejects(refused, { name: "NotAllowedError" });
 * ```
 */
export async function restrict(restriction: Restriction): Promise<void> {
  applyRestriction((await ambientContext()).broker, restriction);
}

/**
 * Lets libraries use features by navigators of their own (`createNavigator`), which have nothing until then. For the main
 * module: others are refused. The operator is asked all the same, and told which library it is in which program.
 *
 * A library is known by the package, web origin or file that its `import.meta` names. That is a label, never evidence: code in
 * the same process can name another. Enforcement against hostile code is the runtime's, and that of `parley run`.
 *
 * @param meta The `import.meta` of the caller, which must be the main module.
 * @param allow For each feature the origins that may use it: `npm:name`, `jsr:@scope/name`, `https://host`, or a `file:` URL. They
 * are added to those of earlier calls.
 * @throws {TypeError} for a feature or an origin that is none.
 * @throws {ParleyError} `PERM_CONTEXT` when the caller is not the main module.
 *
 * @example A library that may open sockets
 * ```ts
 * import { createNavigator } from "@parley/parley/net";
 * import { delegate } from "@parley/parley/permissions";
 * import assert from "node:assert/strict";
 *
 * // In the library, which passes its own import.meta:
 * const library = createNavigator({ url: "file:///app/node_modules/mqtt/index.js" });
 * const refused = library.openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * await assert.rejects(refused, { name: "NotAllowedError" });
 *
 * // In the main module:
 * await delegate(import.meta, { "direct-sockets": ["npm:mqtt"] });
 * await using socket = await library.openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * assert.equal(socket.remotePort, 7);
 * ```
 */
export async function delegate(meta: { readonly url: string }, allow: FeatureAllowLists): Promise<void> {
  const module = readModuleMeta(meta);
  const policy = readFeaturePolicy(allow, { self: false });
  if (!(await isProgram(module))) throw new ParleyError("PERM_CONTEXT", "Cannot delegate: only the main module can");
  (await ambientContext()).delegations.delegate(policy);
}

/**
 * Lets a Worker use features by the functions that an import of Parley has there. Its requests are decided here, by the
 * broker of the main realm, in the name of the program; what is taken back here ends there, and what was approved ends with the
 * Worker. Without this a Worker is refused.
 *
 * Call it right after the Worker was made: one that asks before is refused a second after it loaded Parley. In the Worker,
 * import Parley before setting a handler of messages.
 *
 * @param worker The Worker: one of the web's kind, or of `node:worker_threads`.
 * @param features What it may use.
 * @throws {TypeError} When it is no Worker, or a feature is unknown.
 * @throws {ParleyError} `PERM_CONTEXT` in a Worker: only the main realm delegates.
 *
 * @example A Worker that may open sockets
 * ```ts
 * import { delegateTo } from "@parley/parley/permissions";
 * import assert from "node:assert/strict";
 *
 * export async function startWorker(): Promise<Worker> {
 *   const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
 *   await delegateTo(worker, ["direct-sockets"]);
 *   return worker;
 * }
 *
 * await assert.rejects(delegateTo({ postMessage: () => {} }, ["direct-sockets"]), TypeError);
 * ```
 */
export async function delegateTo(worker: object, features: readonly FeatureName[]): Promise<void> {
  await serveWorker(worker, features);
}
