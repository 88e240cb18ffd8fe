/** What the main realm and a Worker say to each other. */
import { ERROR_CODES, type ErrorCode } from "../../core/error_codes.ts";
import type { PolicyTerms } from "../policy.ts";
import type { Lifetime } from "../prompter.ts";
import type { DescriptorMessage } from "./descriptor_message.ts";

/** What a Worker says. Numbers of requests and grants are the Worker's own. */
export type WorkerMessage =
  /** It asks for a permission. The number is that of the grant, too. */
  | {
    readonly kind: "request";
    readonly id: number;
    readonly descriptor: DescriptorMessage;
    readonly lifetimes: readonly Lifetime[] | null;
    readonly claim: string | null;
  }
  /** It asks for a reconnection under a grant that it connected with. */
  | { readonly kind: "reconnect"; readonly id: number; readonly grant: number }
  /** It does not want an answer any more. */
  | { readonly kind: "withdraw"; readonly id: number }
  /** Nothing uses a grant any more. */
  | { readonly kind: "release"; readonly grant: number };

/** What the main realm approved. */
export interface ApprovalMessage {
  /** The host that the operator chose, or null. */
  readonly host: string | null;
  /** What rules let through besides, and what they ask for. */
  readonly terms: PolicyTerms;
}

/** What the main realm says. */
export type MainMessage =
  /** What was delegated. The first message. */
  | { readonly kind: "features"; readonly features: readonly string[] }
  /** A request was approved. */
  | { readonly kind: "approved"; readonly id: number; readonly approval: ApprovalMessage }
  /** A request was refused. */
  | { readonly kind: "refused"; readonly id: number; readonly code: string }
  /** A grant was taken back. */
  | { readonly kind: "revoked"; readonly grant: number };

/**
 * Reads the code of a refusal.
 *
 * @param code What arrived.
 * @returns The code; `PERM_DENIED` for any text that is none.
 */
export function refusalCode(code: unknown): ErrorCode {
  const known = typeof code === "string" && code.startsWith("PERM_") && Object.hasOwn(ERROR_CODES, code);
  return known ? code as ErrorCode : "PERM_DENIED";
}
