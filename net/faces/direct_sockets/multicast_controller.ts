/**
 * `MulticastController` of the Direct Sockets draft of 24 February 2026: conversions and promises as Web IDL wants them.
 *
 * https://wicg.github.io/direct-sockets/#multicastcontroller-interface
 */
import { defineInterface } from "../../../core/webidl.ts";
import type { BoundUdp } from "../../engine/udp/bound_udp.ts";
import { requireArguments } from "../../../core/interface_call.ts";
import { promised } from "../../../core/promised.ts";
import { type MulticastGroupOptions, toGroupArguments } from "./multicast_group_options.ts";
import { type JoinedGroup, MulticastGroups } from "./multicast_groups.ts";
import { platformObjects } from "./platform_object.ts";

/** Joins and leaves the groups of one bound socket. All of them are left when the socket ends. */
export interface MulticastController {
  /**
   * The groups that are joined, in the order of joining; those in between are not among them. The same frozen array until
   * that changes.
   */
  readonly joinedGroups: readonly JoinedGroup[];
  /**
   * Joins a group, if the operator approves: each group is a request of its own, which includes sending to the group at the
   * socket's port. To hear a group, the socket is to be bound to `0.0.0.0` or `::`.
   *
   * @param groupAddress IP address of the group.
   * @param options The one sender to be heard; any when it is absent.
   * @throws {TypeError} as rejection, for addresses that are none or do not fit.
   * @throws {DOMException} as rejection: `NotAllowedError` for every refusal; `InvalidStateError` when the same is joined or
   * being joined, when the group is joined with a source and without, and after the socket's end; `AbortError` when it ends
   * meanwhile; `NetworkError` when the system refuses, and `NotSupportedError` when the runtime does.
   */
  joinGroup(groupAddress: string, options?: MulticastGroupOptions): Promise<void>;
  /**
   * Leaves a group.
   *
   * @param groupAddress IP address of the group.
   * @param options As it was joined.
   * @throws {TypeError} as rejection, for addresses that are none or do not fit.
   * @throws {DOMException} as rejection: `InvalidStateError` when it is not joined and after the socket's end;
   * `NetworkError` when the system refuses, and it stays joined.
   */
  leaveGroup(groupAddress: string, options?: MulticastGroupOptions): Promise<void>;
}

/** The class `MulticastController`. Its objects come from `opened` of a bound `UDPSocket`; it cannot be constructed. */
export interface MulticastControllerConstructor {
  /** What its objects inherit: `joinGroup`, `leaveGroup`, `joinedGroups`. */
  readonly prototype: MulticastController;
  /**
   * Not for scripts: a socket makes its own.
   *
   * @throws {TypeError} always.
   */
  new (): MulticastController;
}

/** The class, and how a socket gets one of its objects. */
export interface MulticastControllers {
  /** The class. */
  readonly MulticastController: MulticastControllerConstructor;
  /**
   * Makes an object.
   *
   * @param socket The socket whose groups it joins and leaves.
   * @param closing Whether the script has called the socket's `close()`.
   */
  create(socket: BoundUdp, closing: () => boolean): MulticastController;
}

const controllers = platformObjects<MulticastGroups>("MulticastController");
const { create } = Object;

/** Makes the class for one requester. */
export function defineMulticastController(): MulticastControllers {
  class MulticastController {
    constructor() {
      throw new TypeError("Illegal constructor");
    }

    get joinedGroups(): readonly JoinedGroup[] {
      return controllers.content(this).joined;
    }

    joinGroup(groupAddress: string, options: MulticastGroupOptions = {}): Promise<void> {
      return promised(() => {
        const groups = controllers.content(this);
        requireArguments(arguments.length, { needed: 1, deed: "join a group" });
        return groups.join(toGroupArguments(groupAddress, options));
      });
    }

    leaveGroup(groupAddress: string, options: MulticastGroupOptions = {}): Promise<void> {
      return promised(() => {
        const groups = controllers.content(this);
        requireArguments(arguments.length, { needed: 1, deed: "leave a group" });
        return groups.leave(toGroupArguments(groupAddress, options));
      });
    }
  }
  defineInterface(MulticastController, {
    tag: "MulticastController",
    members: ["joinGroup", "leaveGroup", "joinedGroups"],
  });
  const like: object = create(MulticastController.prototype);
  return Object.freeze({
    MulticastController,
    create: (socket: BoundUdp, closing: () => boolean): MulticastController =>
      controllers.create(like, new MulticastGroups(socket, closing)) as MulticastController,
  });
}
