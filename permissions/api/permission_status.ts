/**
 * The state of a permission, and news of it. https://www.w3.org/TR/permissions/#permissionstatus-interface
 *
 * A status that nobody holds and nobody listens to is forgotten; one with a listener stays, as the standard has it.
 */
import { defineInterface } from "../../core/webidl.ts";
import type { PermissionState } from "../judge.ts";
import type { FeatureName } from "../feature.ts";

/** Where a status learns its state from. */
export interface StatusSource {
  /** The feature. */
  readonly name: FeatureName;
  /** The state now. */
  readState(): PermissionState;
  /** Told when the first listener comes and the last one goes: a status that is listened to must not be collected. */
  heard(status: PermissionStatus, heard: boolean): void;
}

/** Who is called when the state changes. */
export type PermissionChangeHandler = (this: PermissionStatus, event: Event) => unknown;

const MAKE: unique symbol = Symbol("make");
const { apply } = Reflect;
const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

let make: (source: StatusSource) => PermissionStatus;
let refresh: (status: PermissionStatus) => void;

/**
 * The state of one permission. Made by `permissions.query()`; fires `change` when the state changes.
 *
 * @example Being told of a change
 * ```ts
 * import { navigator, openTCPSocket } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * const where = { remoteAddress: "echo.example", remotePort: 7 };
 * const status = await navigator.permissions.query({ name: "direct-sockets", ...where });
 * const changed = new Promise((resolve) => status.addEventListener("change", resolve, { once: true }));
 * await using _socket = await openTCPSocket(where);
 * await changed;
 * assert.equal(status.state, "granted");
 * ```
 */
export class PermissionStatus extends EventTarget {
  readonly #source: StatusSource;
  readonly #callbacks = new Set<unknown>();
  #state: PermissionState;
  #onchange: PermissionChangeHandler | null = null;
  #hasHandler = false;

  static {
    make = (source) => new PermissionStatus(MAKE as never, source as never);
    refresh = (status) => {
      const state = status.#source.readState();
      if (state === status.#state) return;
      status.#state = state;
      apply(dispatchEvent, status, [new Event("change")]);
    };
  }

  /**
   * Makes nothing: a status comes from `query`.
   *
   * @throws {TypeError} always.
   */
  constructor(...given: never[]) {
    super();
    const [token, source] = given as unknown as [unknown, StatusSource];
    if (token !== MAKE) throw new TypeError("Illegal constructor");
    this.#source = source;
    this.#state = source.readState();
  }

  /** The feature's name. */
  get name(): string {
    return this.#source.name;
  }

  /** `granted`, `denied` or `prompt`, as of the last `change`. */
  get state(): PermissionState {
    return this.#state;
  }

  /** Called when the state changes; null for nobody. Anything that is not a function counts as null. */
  get onchange(): PermissionChangeHandler | null {
    return this.#onchange;
  }

  /** Sets who is called. */
  set onchange(handler: PermissionChangeHandler | null) {
    this.#onchange = typeof handler === "function" ? handler : null;
    this.#tellHeard();
    if (this.#hasHandler || this.#onchange === null) return;
    // Its place among the listeners is where it was set first.
    this.#hasHandler = true;
    apply(addEventListener, this, ["change", (event: Event) => {
      if (this.#onchange !== null) apply(this.#onchange, this, [event]);
    }]);
  }

  /** Listens, and keeps the status alive. */
  override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    apply(addEventListener, this, given);
    const [type, callback] = given;
    if (`${type}` === "change" && callback !== null) this.#callbacks.add(callback);
    this.#tellHeard();
  }

  /** Stops listening. */
  override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    apply(removeEventListener, this, given);
    const [type, callback] = given;
    if (`${type}` === "change") this.#callbacks.delete(callback);
    this.#tellHeard();
  }

  #tellHeard(): void {
    this.#source.heard(this, this.#callbacks.size > 0 || this.#onchange !== null);
  }
}

defineInterface(PermissionStatus, { tag: "PermissionStatus", members: ["name", "state", "onchange"] });

/** Statuses that nobody holds are looked for when there are twice as many as after the last search, and at least these. */
const SWEEP_FROM = 256;

/** Every status of one navigator. Keeps those that somebody listens to. */
export class StatusRegistry {
  readonly #all = new Set<WeakRef<PermissionStatus>>();
  /** Holds what has a listener; only this keeps it from being collected. */
  readonly #heard = new Set<PermissionStatus>();
  #pending = false;
  #sweepAt = SWEEP_FROM;

  /** Makes a status. */
  make(source: Omit<StatusSource, "heard">): PermissionStatus {
    const heard = (status: PermissionStatus, is: boolean): void => {
      if (is) this.#heard.add(status);
      else this.#heard.delete(status);
    };
    const status = make({ ...source, heard });
    this.#all.add(new WeakRef(status));
    if (this.#all.size >= this.#sweepAt) this.#sweep();
    return status;
  }

  #sweep(): void {
    for (const reference of this.#all) if (reference.deref() === undefined) this.#all.delete(reference);
    this.#sweepAt = Math.max(SWEEP_FROM, this.#all.size * 2);
  }

  /** Has every status look at its state anew: in a task of its own, once for many changes. */
  changed(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const reference of this.#all) {
        const status = reference.deref();
        if (status === undefined) this.#all.delete(reference);
        else refresh(status);
      }
    });
  }
}
