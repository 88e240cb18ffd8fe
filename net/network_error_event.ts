/** How a datagram socket tells its program of errors that do not end it. */
import type { ParleyError } from "../core/errors.ts";

/**
 * Fired as `networkerror` on a datagram socket, for instance when nothing listens at the peer's port. The socket goes on.
 *
 * @example Nobody is there
 * ```ts
 * import { type NetworkErrorEvent, openUDPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using socket = await openUDPSocket({ remoteAddress: "127.0.0.1", remotePort: 4 });
 * const refused = new Promise<NetworkErrorEvent>((resolve) => socket.addEventListener("networkerror", resolve));
 * await socket.send(new Uint8Array(1));
 * assert.equal(((await refused).error as DOMException).name, "NetworkError");
 * ```
 */
export class NetworkErrorEvent extends Event {
  /** What happened: as a rule a `NetworkError` whose `cause` is a `ParleyError` with a stable code. */
  readonly error: unknown;

  /**
   * Makes an event.
   *
   * @param error What happened.
   */
  constructor(error: unknown) {
    super("networkerror");
    this.error = error;
  }
}

/** Who hears of errors. */
export type NetworkErrorListener = (event: NetworkErrorEvent) => void;

/**
 * The listeners of one socket. The sockets have the two methods of an `EventTarget` without being one: the definitions of 2021
 * let them inherit from nothing.
 */
export class NetworkErrorEvents {
  readonly #target = new EventTarget();
  readonly #toFaceError: (error: unknown) => unknown;

  /** @param toFaceError Translates errors. */
  constructor(toFaceError: (error: unknown) => unknown) {
    this.#toFaceError = toFaceError;
  }

  /** Fires an event. */
  report(error: ParleyError): void {
    this.#target.dispatchEvent(new NetworkErrorEvent(this.#toFaceError(error)));
  }

  /** As the method of an `EventTarget`. */
  addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    this.#target.addEventListener(...given);
  }

  /** As the method of an `EventTarget`. */
  removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    this.#target.removeEventListener(...given);
  }
}
