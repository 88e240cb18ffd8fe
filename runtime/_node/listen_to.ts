/**
 * Listening to events of the runtime's own targets. `addEventListener` reads its options through their prototype: an aborted
 * `signal` on `Object.prototype` would keep the listener from being added (CORE-01).
 */

const { apply } = Reflect;
const { addEventListener } = EventTarget.prototype;

/**
 * Calls back for each event of a type.
 *
 * @param target Whose events.
 * @param type Which.
 * @param callback What to do.
 */
export function listenTo(target: EventTarget, type: string, callback: () => void): void {
  const { signal } = new AbortController();
  apply(addEventListener, target, [type, callback, {
    __proto__: null,
    once: false,
    capture: false,
    passive: false,
    signal,
  }]);
}
