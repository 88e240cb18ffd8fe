/** The groups that a bound socket has joined (DS-54 to DS-56). */
import { onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { DatagramLink, Membership } from "../../datagram_port.ts";
import type { GroupApprovals } from "./group_approvals.ts";
import { addressText } from "./peer.ts";

/** What the groups of a socket work with. */
export interface MulticastGroupsInit {
  /** The system's socket. */
  readonly link: DatagramLink;
  /** The decisions. */
  readonly approvals: GroupApprovals;
  /** Fires when the socket is over. */
  readonly signal: AbortSignal;
  /** Told when a group was left because its approval was taken back. */
  onRevoked(error: ParleyError): void;
}

interface Joined {
  readonly membership: Membership;
  /** False while the operator is asked. */
  isJoined: boolean;
  /** Stops listening for the approval's end. */
  forget: () => void;
}

/** The memberships of one socket. */
export class MulticastGroups {
  readonly #init: MulticastGroupsInit;
  readonly #groups = new Map<string, Joined>();

  /** @param init What they work with. */
  constructor(init: MulticastGroupsInit) {
    this.#init = init;
    // The system leaves the groups of a socket that is closed.
    onAbort(init.signal, () => this.#end());
  }

  /** What is joined now, in the order of joining. */
  get joined(): readonly Membership[] {
    return [...this.#groups.values()].filter(({ isJoined }) => isJoined).map(({ membership }) => membership);
  }

  /**
   * Joins a group, if the operator approves.
   *
   * @throws {ParleyError} `ARG_INVALID` when it is joined already, or under way, or joined with a source where this has none
   * and the other way round; a `PERM_` code; a `NET_` code, after which it is not joined.
   */
  async join(membership: Membership): Promise<void> {
    const { link, approvals, signal } = this.#init;
    const { group, source } = membership;
    this.#requireNew(membership);
    const entry: Joined = { membership, isJoined: false, forget: () => {} };
    this.#groups.set(keyOf(membership), entry);
    try {
      const grant = await approvals.toJoin({ group, port: link.local.port, source });
      if (signal.aborted) throw new ParleyError("NET_CLOSED", "Cannot join the group: the socket was closed");
      if (!grant.covers(group, link.local.port)) {
        throw new ParleyError("PERM_REVOKED", "Cannot join the group: the permission was taken back");
      }
      link.join(membership);
      // Last place of those that are joined.
      this.#groups.delete(keyOf(membership));
      this.#groups.set(keyOf(membership), entry);
      entry.isJoined = true;
      entry.forget = this.#leaveWith(grant, membership);
    } catch (error) {
      this.#groups.delete(keyOf(membership));
      throw error;
    }
  }

  /**
   * Leaves a group.
   *
   * @throws {ParleyError} `ARG_INVALID` when it is not joined; a `NET_` code, after which it is joined still.
   */
  leave(membership: Membership): void {
    const entry = this.#groups.get(keyOf(membership));
    if (entry?.isJoined !== true) throw new ParleyError("ARG_INVALID", "Cannot leave the group: it is not joined");
    this.#init.link.leave(entry.membership);
    entry.forget();
    this.#groups.delete(keyOf(membership));
  }

  #requireNew(membership: Membership): void {
    if (this.#groups.has(keyOf(membership))) {
      throw new ParleyError("ARG_INVALID", "Cannot join the group: it is joined already");
    }
    const group = addressText(membership.group);
    for (const { membership: other } of this.#groups.values()) {
      if (addressText(other.group) !== group || (other.source === null) === (membership.source === null)) continue;
      throw new ParleyError("ARG_INVALID", "Cannot join the group: it is joined with and without a source");
    }
  }

  #end(): void {
    for (const { forget } of this.#groups.values()) forget();
    this.#groups.clear();
  }

  #leaveWith(grant: Grant, membership: Membership): () => void {
    return onAbort(grant.signal, () => {
      try {
        this.leave(membership);
      } catch {
        // The system refuses to leave; nothing more can be done, and the datagrams are the operator's no less.
      }
      this.#init.onRevoked(new ParleyError("PERM_REVOKED", "Cannot go on in the group: the permission was taken back"));
    });
  }
}

/** One group may be joined by several interfaces. */
function keyOf({ group, source, interfaceName }: Membership): string {
  return `${addressText(group)} ${source === null ? "" : addressText(source)} ${interfaceName ?? ""}`;
}
