/** Every socket that is open now, with what has passed through it: what `parley sockets` shows. */
import { formatDestination } from "../../core/destination.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { SocketAddress } from "../port.ts";

/** What passed through a socket. Counted in place, so that counting costs nothing. */
export class Counters {
  /** Bytes of the program (inside TLS, without headers) that arrived and were taken. */
  bytesReceived = 0;
  /** Bytes of the program that the system took. */
  bytesSent = 0;
  /** Datagrams that the program took; for servers, connections. */
  received = 0;
  /** Datagrams that the system took. */
  sent = 0;
  /** Datagrams, or connections, that were dropped because nobody took them in time or a limit was reached. */
  dropped = 0;
  /** Datagrams of senders other than the one that was asked for. */
  filtered = 0;
}

/** What a socket is. */
export type SocketKind = "tcp" | "tls" | "unix" | "udp" | "udp-bound" | "listen";

/** A socket, as its owner enters it. */
export interface InventoryEntry {
  /** What it is. */
  readonly kind: SocketKind;
  /** The approval it was opened with. */
  readonly grant: Grant;
  /** This end. */
  readonly local: SocketAddress;
  /** The far end, or null. */
  readonly remote: SocketAddress | null;
  /** What passes. */
  readonly counters: Counters;
}

/** A socket at one moment. Data only; texts are not escaped. */
export interface SocketSnapshot extends Readonly<Counters> {
  /** Running number in this process. */
  readonly id: number;
  /** What it is. */
  readonly kind: SocketKind;
  /** Who opened it. */
  readonly origin: string;
  /** What was approved. */
  readonly destination: string;
  /** What approved it. */
  readonly approvedBy: Grant["source"];
  /** This end. */
  readonly local: SocketAddress;
  /** The far end, or null. */
  readonly remote: SocketAddress | null;
  /** When it was opened, milliseconds since 1970. */
  readonly openedAtMs: number;
}

/** Whoever follows what is opened and closed. */
export interface InventoryFollower {
  /** A socket was opened. */
  opened(entry: InventoryEntry): void;
  /** A socket has ended. */
  closed(entry: InventoryEntry): void;
}

/** The list of open sockets. */
export class Inventory {
  readonly #followers: InventoryFollower[] = [];
  readonly #open = new Map<number, { readonly entry: InventoryEntry; readonly openedAtMs: number }>();
  #count = 0;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Enters a socket.
   *
   * @param entry The socket.
   * @param openedAtMs Wall-clock time.
   * @returns Takes it out again.
   */
  add(entry: InventoryEntry, openedAtMs: number): () => void {
    const id = ++this.#count;
    this.#open.set(id, { entry, openedAtMs });
    for (const follower of this.#followers) follower.opened(entry);
    return () => {
      if (!this.#open.delete(id)) return;
      for (const follower of this.#followers) follower.closed(entry);
    };
  }

  /** Has somebody told of every socket from now on. */
  follow(follower: InventoryFollower): void {
    this.#followers.push(follower);
  }

  /** What is open now, oldest first. */
  snapshot(): SocketSnapshot[] {
    return [...this.#open].map(([id, { entry, openedAtMs }]) => {
      const { kind, grant, local, remote, counters } = entry;
      const { bytesReceived, bytesSent, received, sent, dropped, filtered } = counters;
      return Object.freeze({
        id,
        kind,
        origin: grant.requester.origin,
        destination: formatDestination(grant.destination),
        approvedBy: grant.source,
        local,
        remote,
        openedAtMs,
        bytesReceived,
        bytesSent,
        received,
        sent,
        dropped,
        filtered,
      });
    });
  }
}
