/**
 * Listeners in memory: programs of a test serve each other. An unspecified address (`0.0.0.0`, `::`) stands for itself and for
 * loopback, which is all of the machine that the network knows of.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { formatHostPort, type IpAddress } from "../../core/ip_address.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import type { LinkListener, ListenOptions, TlsIdentity, TlsServed } from "../../net/server_port.ts";
import { AcceptQueue, type AcceptQueueOptions } from "../_node/accept_queue.ts";
import { serveMemoryTls } from "./memory_tls_service.ts";

/**
 * Makes both ends of a connection.
 *
 * @param take Is handed the listening end.
 * @returns The connecting end.
 */
export type MakeLink = (take: (link: ByteLink) => void) => ByteLink;

/** What stands at an address and port: it lets a connection in, at once or when there is room, unless the signal fires first. */
export type MemoryDoor = (make: MakeLink, signal: AbortSignal) => ByteLink | Promise<ByteLink>;

/** The ports that are picked, as with most systems. */
const FIRST_PORT = 49_152;
const LAST_PORT = 65_535;

/** Addresses that a listener on an unspecified address also answers to. */
const WILDCARDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["0.0.0.0", ["127.0.0.1"]],
  ["::", ["::1", "0.0.0.0", "127.0.0.1"]],
]);
const IPV6_ONLY: readonly string[] = ["::1"];

/** The listeners of a memory network. */
export class MemoryServers {
  readonly #doors: Map<string, MemoryDoor>;

  /** @param doors What stands where, by `ADDRESS:PORT`, or by a path with port 0. Listeners are entered here. */
  constructor(doors: Map<string, MemoryDoor>) {
    this.#doors = doors;
  }

  /**
   * Listens for connections.
   *
   * @throws {ParleyError} `NET_IN_USE` when a listener, or a service of the network's own, has the address and port.
   */
  async listenTcp(
    { address, port }: { readonly address: IpAddress; readonly port: number },
    { backlog, ipv6Only }: ListenOptions,
  ): Promise<LinkListener> {
    const { text } = address;
    const addresses = [text, ...text === "::" && ipv6Only ? IPV6_ONLY : WILDCARDS.get(text) ?? []];
    const places = (port: number): SocketAddress[] => addresses.map((address) => ({ address, port }));
    return this.#open(port === 0 ? this.#freePlaces(places) : places(port), backlog);
  }

  /**
   * Listens on a path.
   *
   * @throws {ParleyError} `NET_IN_USE` when another listener, or a service of the network's own, has the path.
   */
  async listenPath(path: string, { backlog }: { readonly backlog: number }): Promise<LinkListener> {
    return this.#open([{ address: path, port: 0 }], backlog);
  }

  /**
   * Plays the server of a TLS handshake. The certificate is text of {@linkcode memoryCertificate}.
   *
   * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or what the link failed with.
   */
  serveTls(
    link: ByteLink,
    how: { readonly identity: TlsIdentity; readonly signal: AbortSignal },
  ): Promise<TlsServed> {
    return serveMemoryTls(link, how);
  }

  /** The first place is the one listened on; the others lead there, too. */
  #open(places: readonly SocketAddress[], backlog: number): LinkListener {
    const [local] = places as [SocketAddress];
    if (!this.#areFree(places)) {
      throw new ParleyError("NET_IN_USE", `Cannot listen on ${nameOf(local)}: the address is in use`);
    }
    const doors = new Map<string, MemoryDoor>();
    const entrance = new Entrance({
      local,
      backlog,
      stop: () => {
        // The network's own `listen` may have put something else there.
        for (const [name, door] of doors) if (this.#doors.get(name) === door) this.#doors.delete(name);
      },
    });
    for (const name of places.map(nameOf)) {
      const door: MemoryDoor = (make, signal) => entrance.admit(make, { name, signal });
      doors.set(name, door);
      this.#doors.set(name, door);
    }
    return entrance.queue;
  }

  #areFree(places: readonly SocketAddress[]): boolean {
    return places.every((place) => !this.#doors.has(nameOf(place)));
  }

  #freePlaces(places: (port: number) => SocketAddress[]): SocketAddress[] {
    for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
      const found = places(port);
      if (this.#areFree(found)) return found;
    }
    throw new ParleyError("NET_IN_USE", "Cannot listen: every port is in use");
  }
}

/** Somebody who connects while the backlog is full. */
interface Caller {
  enter(): void;
  refuse(): void;
}

/** Lets no more connections into a listener's queue than its backlog; the others wait before it, unconnected. */
class Entrance {
  readonly queue: AcceptQueue;
  readonly #callers = new Set<Caller>();
  #room: number;

  constructor({ local, backlog, stop }: AcceptQueueOptions) {
    this.#room = backlog;
    this.queue = new AcceptQueue({
      local,
      backlog,
      stop: () => {
        stop();
        for (const caller of [...this.#callers]) caller.refuse();
      },
    });
  }

  /** Connects, now or when others were accepted. */
  admit(
    make: MakeLink,
    { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  ): ByteLink | Promise<ByteLink> {
    const enter = (): ByteLink => make((link) => this.#offer(link));
    if (this.#room > 0) return enter();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#callers.delete(caller);
        forget();
      };
      const caller: Caller = {
        enter: () => {
          leave();
          resolve(enter());
        },
        refuse: () => {
          leave();
          reject(new ParleyError("NET_REFUSED", `Cannot connect to ${name}: the listener was closed`));
        },
      };
      const forget = onAbort(signal, () => {
        leave();
        reject(abortError(signal.reason));
      });
      this.#callers.add(caller);
    });
  }

  #offer(link: ByteLink): void {
    this.#room--;
    const take = (): ByteLink => {
      this.#room++;
      const [caller] = this.#callers;
      caller?.enter();
      return link;
    };
    this.queue.offer({ take, drop: () => link.reset() });
  }
}

function nameOf({ address, port }: SocketAddress): string {
  return formatHostPort(address, port);
}
