/** A bound datagram socket: it hears everybody, sends to whom it may, and joins groups. */
import type { Membership } from "../../datagram_port.ts";
import type { MulticastGroups } from "./multicast_groups.ts";
import type { AddressedUdpMessage } from "./udp_message.ts";
import { UdpSocket, type UdpSocketInit } from "./udp_socket.ts";

/** A bound socket. Made by `bindUdp`. */
export class BoundUdp extends UdpSocket<AddressedUdpMessage> {
  readonly #groups: MulticastGroups;

  /** @param init What it is made of. */
  constructor(init: UdpSocketInit<AddressedUdpMessage> & { readonly groups: MulticastGroups }) {
    super(init);
    this.#groups = init.groups;
  }

  /** The groups that are joined, in the order of joining. */
  get joinedGroups(): readonly Membership[] {
    return this.#groups.joined;
  }

  /**
   * Joins a group, if the operator approves. Sending to the group at this socket's port is part of the same approval.
   *
   * @param membership The group, the one sender to be heard, and the interface.
   * @throws {ParleyError} `ARG_INVALID` when it is joined or being joined already, or when one group is to be joined both
   * with and without a source; `NET_CLOSED`; a `PERM_` code for every refusal; another `NET_` code when the system refuses.
   */
  joinGroup(membership: Membership): Promise<void> {
    return this.#groups.join(membership);
  }

  /**
   * Leaves a group.
   *
   * @param membership As it was joined.
   * @throws {ParleyError} `ARG_INVALID` when it is not joined; a `NET_` code when the system refuses, and it stays joined.
   */
  leaveGroup(membership: Membership): void {
    this.#groups.leave(membership);
  }
}
