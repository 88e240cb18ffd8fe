/** The internal slots of a `MulticastController`: joins and leaves groups of one bound socket (DS-52 to DS-57). */
import { causedException } from "../../../core/caused_exception.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { Membership } from "../../datagram_port.ts";
import type { BoundUdp } from "../../engine/udp/bound_udp.ts";
import { addressText } from "../../engine/udp/peer.ts";
import { faceErrors } from "./errors.ts";
import { type GroupArguments, toMembership } from "./multicast_group_options.ts";

/** A source-specific membership. */
export interface MulticastMembership {
  /** The group. */
  groupAddress: string;
  /** The one sender that is heard. */
  sourceAddress: string;
}

/** What `joinedGroups` holds: the group alone where any sender is heard. */
export type JoinedGroup = string | MulticastMembership;

/** The groups of one socket. */
export class MulticastGroups {
  readonly #socket: BoundUdp;
  readonly #closing: () => boolean;
  readonly #pending = new Set<(reason: DOMException) => void>();
  #memberships: readonly Membership[] = [];
  #shown: readonly JoinedGroup[] = Object.freeze([]);

  /**
   * @param socket The socket.
   * @param closing Whether the script has called the socket's `close()`.
   */
  constructor(socket: BoundUdp, closing: () => boolean) {
    this.#socket = socket;
    this.#closing = closing;
    const end = (): void => this.#end();
    socket.closed.then(end, end);
  }

  /** What is joined, in the order of joining: the same frozen array until that changes. */
  get joined(): readonly JoinedGroup[] {
    const now = this.#socket.joinedGroups;
    const before = this.#memberships;
    if (now.length !== before.length || now.some((membership, at) => membership !== before[at])) {
      this.#memberships = now;
      this.#shown = Object.freeze(now.map(show));
    }
    return this.#shown;
  }

  /**
   * Joins a group, if the operator approves.
   *
   * https://wicg.github.io/direct-sockets/#joingroup-method
   *
   * @throws {TypeError} as rejection, for addresses that are none or do not fit.
   * @throws {DOMException} as rejection: `InvalidStateError` when the socket is closed, when the same is joined or being joined
   * already, and when the group is joined with a source and without; `NotAllowedError` for every refusal; `AbortError` when
   * the socket is closed meanwhile; `NetworkError` when the system refuses, and `NotSupportedError` when the runtime does.
   */
  async join(given: GroupArguments): Promise<void> {
    this.#requireOpen("join the group");
    const membership = toMembership(given);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.add(reject);
    this.#socket.joinGroup(membership).then(resolve, (error) => reject(this.#toFaceError(error, membership)));
    try {
      return await promise;
    } finally {
      this.#pending.delete(reject);
    }
  }

  /**
   * Leaves a group.
   *
   * https://wicg.github.io/direct-sockets/#leavegroup-method
   *
   * @throws {TypeError} as rejection, for addresses that are none or do not fit.
   * @throws {DOMException} as rejection: `InvalidStateError` when the socket is closed or the group is not joined;
   * `NetworkError` when the system refuses, and it stays joined.
   */
  async leave(given: GroupArguments): Promise<void> {
    this.#requireOpen("leave the group");
    const membership = toMembership(given);
    try {
      this.#socket.leaveGroup(membership);
    } catch (error) {
      throw this.#toFaceError(error, membership);
    }
  }

  #requireOpen(deed: string): void {
    if (this.#socket.isOpen) return;
    throw new DOMException(`Cannot ${deed}: the socket is closed`, "InvalidStateError");
  }

  #toFaceError(error: unknown, { group }: Membership): unknown {
    if (!this.#socket.isOpen) return socketClosed();
    if (isParleyError(error, "ARG_INVALID")) return causedException(error, "InvalidStateError");
    return faceErrors({ deed: `join the group ${addressText(group)}`, closing: this.#closing })(error);
  }

  #end(): void {
    for (const reject of this.#pending) reject(socketClosed());
    this.#pending.clear();
  }
}

function show({ group, source }: Membership): JoinedGroup {
  const groupAddress = addressText(group);
  return source === null ? groupAddress : { groupAddress, sourceAddress: addressText(source) };
}

function socketClosed(): DOMException {
  return new DOMException("Cannot go on with the group: the socket was closed", "AbortError");
}
