/** What an `AbortSignal` means inside Parley. */
import { ParleyError } from "./errors.ts";

/**
 * The error for an aborted operation: the reason itself where Parley gave it, else `NET_ABORTED` with the reason as
 * cause, which a face hands to the script unchanged.
 *
 * @param reason The signal's reason.
 */
export function abortError(reason: unknown): ParleyError {
  if (reason instanceof ParleyError) return reason;
  return new ParleyError("NET_ABORTED", "Cannot go on: the operation was aborted", { cause: reason });
}

const { apply } = Reflect;
const { addEventListener, removeEventListener } = AbortSignal.prototype;

/**
 * Calls back once when a signal fires; not at once when it has fired already.
 *
 * `addEventListener` reads its options through their prototype: an aborted `signal` on Object.prototype would keep the
 * listener from being added, and a revocation from being heard. Only an own `signal` holds on all three runtimes (CORE-01).
 *
 * @param signal The signal.
 * @param callback What to do.
 * @returns Stops listening.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const own = { __proto__: null, once: true, capture: false, passive: false, signal: new AbortController().signal };
  apply(addEventListener, signal, ["abort", callback, own]);
  return () => apply(removeEventListener, signal, ["abort", callback, { __proto__: null, capture: false }]);
}
