/** The one error of every refusal (NET-17). Faces differ in class, not in what is told. */
import type { ParleyError } from "../core/errors.ts";

/** Failures of lookups that a program is told as refusals: see `late_refusal.ts`. */
const toldAsRefusals = new WeakSet<ParleyError>();

/**
 * Whether a failure is a refusal: by the operator, a rule, the runtime or the system. A program cannot tell them apart.
 *
 * @param error The failure.
 */
export function isRefusal(error: ParleyError): boolean {
  const { code } = error;
  return code.startsWith("PERM_") || code === "NET_OS_DENIED" || toldAsRefusals.has(error);
}

/**
 * Has every face tell a failure as a refusal. Its code stays, for the operator and for who reconnects.
 *
 * @param error The failure.
 * @returns The same failure.
 */
export function tellAsRefusal(error: ParleyError): ParleyError {
  toldAsRefusals.add(error);
  return error;
}

/**
 * What a refusal looks like to a program: a message that is a function of the request alone, and no cause. Code that is
 * not to be trusted is told so, as on the web (NET-16): that is a fact about the program, not about the destination.
 *
 * @param error The refusal.
 * @param deed What the program wanted to do, as it said it: `connect to mail.example:25`.
 */
export function refusalException({ code }: ParleyError, deed: string): DOMException {
  if (code === "PERM_INSECURE") {
    return new DOMException(`Not allowed to ${deed}: the program's code is not to be trusted`, "SecurityError");
  }
  return new DOMException(`Not allowed to ${deed}`, "NotAllowedError");
}
