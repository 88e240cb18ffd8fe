/**
 * Permissions: what a program may know of them, and how it gives them up.
 *
 * @module
 */
import { ambientContext } from "./ambient.ts";
import { applyRestriction, type Restriction } from "./restrict.ts";

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
