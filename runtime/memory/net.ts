/** A network that exists only in this process: names, servers and connections for tests and examples. */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type {
  ByteLink,
  ConnectOptions,
  NetBackend,
  NetGaps,
  SocketAddress,
  TlsResult,
  TlsTerms,
} from "../../net/port.ts";
import type {
  BindOptions,
  DatagramHandlers,
  DatagramLink,
  DatagramOptions,
  InterfaceAddress,
} from "../../net/datagram_port.ts";
import type { LinkListener, ListenOptions, TlsIdentity, TlsServed } from "../../net/server_port.ts";
import type { FaultPlan } from "./faults.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";
import { linkPair } from "./memory_link.ts";
import { type MakeLink, type MemoryDoor, MemoryServers } from "./memory_servers.ts";
import { memoryTlsClient } from "./memory_tls.ts";

/** What a memory server does with a connection. When it resolves or rejects, its end is closed. */
export type MemoryService = (link: ByteLink) => void | Promise<void>;

const GAPS: NetGaps = Object.freeze({
  connectNotCancellable: false,
  keepAliveDelayIgnored: false,
  resetSendsFin: false,
  acceptsEagerly: false,
  serverIpv6OnlyIgnored: false,
  datagramNotConnected: false,
  datagramBuffersIgnored: false,
  multicastTtlZeroRefused: false,
});

/** What a {@linkcode MemoryNetwork} is to be like. */
export interface MemoryNetworkOptions {
  /** What goes wrong on it; nothing by default. */
  readonly faults?: FaultPlan | null;
}

/** A network in memory. */
export class MemoryNetwork implements NetBackend {
  /** It can do everything. */
  readonly gaps: NetGaps = GAPS;
  /** What was asked of it, in order: proof that nothing left before consent. */
  readonly log: string[] = [];
  readonly #names = new Map<string, readonly IpAddress[]>();
  readonly #doors = new Map<string, MemoryDoor>();
  readonly #servers = new MemoryServers(this.#doors);
  /** What goes wrong on it, or null. */
  readonly faults: FaultPlan | null;
  readonly #datagrams: MemoryDatagrams;
  #nextPort = 49_152;

  /** @param options What it is to be like. */
  constructor(options: MemoryNetworkOptions = {}) {
    this.faults = options.faults ?? null;
    this.#datagrams = new MemoryDatagrams(this.log, { faults: this.faults });
  }

  /**
   * Gives a name its addresses.
   *
   * @throws {TypeError} for text that is not an IP address.
   */
  addName(name: string, ...addresses: string[]): void {
    this.#names.set(
      name,
      addresses.map((text) => {
        const address = parseIpAddress(text);
        if (address === null) throw new TypeError(`Cannot add ${name}: "${text}" is not an IP address`);
        return address;
      }),
    );
  }

  /** Serves an address and port, replacing whoever did: a program that listens there gets no more connections. */
  listen(at: SocketAddress, service: MemoryService): void {
    this.#doors.set(formatHostPort(at.address, at.port), (make) => make((link) => void serve(service, link)));
  }

  /** Stops serving an address and port; connections go on. */
  unlisten(at: SocketAddress): void {
    this.#doors.delete(formatHostPort(at.address, at.port));
  }

  /** Names can always be looked up. */
  canResolve(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** Looks a name up. */
  resolve(
    _grant: Grant,
    host: string,
    options: { readonly type: "ipv4" | "ipv6" | null; readonly signal: AbortSignal },
  ): Promise<IpAddress[]> {
    if (options.signal.aborted) return Promise.reject(abortError(options.signal.reason));
    this.log.push(`resolve ${host}`);
    if (this.faults === null) return this.#find(host, options.type);
    return this.faults.lookUp(host, options.signal).then(() => this.#find(host, options.type));
  }

  #find(host: string, type: "ipv4" | "ipv6" | null): Promise<IpAddress[]> {
    const family = type === null ? null : type === "ipv4" ? 4 : 6;
    const found = (this.#names.get(host) ?? []).filter((address) => family === null || address.family === family);
    if (found.length > 0) return Promise.resolve([...found]);
    return Promise.reject(new ParleyError("NET_DNS", `Cannot look up ${host}: it does not exist`));
  }

  /** Connects to an address. */
  connect(
    _grant: Grant,
    target: { readonly address: IpAddress; readonly port: number },
    options: ConnectOptions,
  ): Promise<ByteLink> {
    const server: SocketAddress = { address: target.address.text, port: target.port };
    return this.#connect(server, options.signal);
  }

  /** Connects by name. */
  async connectByName(
    grant: Grant,
    target: { readonly host: string; readonly port: number },
    options: ConnectOptions,
  ): Promise<ByteLink> {
    const [address] = await this.resolve(grant, target.host, { type: null, signal: options.signal });
    return await this.#connect({ address: (address as IpAddress).text, port: target.port }, options.signal);
  }

  /** Plays a TLS handshake. */
  async tls(
    _grant: Grant,
    link: ByteLink,
    terms: TlsTerms,
    options: { readonly signal: AbortSignal },
  ): Promise<TlsResult> {
    const stop = (): void => link.close();
    const forget = onAbort(options.signal, stop);
    try {
      return await memoryTlsClient(link, terms);
    } finally {
      forget();
    }
  }

  /** Listens for connections of this network. */
  listenTcp(
    _grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    options: ListenOptions,
  ): Promise<LinkListener> {
    return this.#servers.listenTcp(at, options);
  }

  /** Plays the server of a TLS handshake. */
  serveTls(
    _grant: Grant,
    link: ByteLink,
    how: { readonly identity: TlsIdentity; readonly signal: AbortSignal },
  ): Promise<TlsServed> {
    return this.#servers.serveTls(link, how);
  }

  /** Connects to a path, which is the address of both ends. */
  connectPath(_grant: Grant, path: string, options: { readonly signal: AbortSignal }): Promise<ByteLink> {
    return this.#connect({ address: path, port: 0 }, options.signal);
  }

  /** Listens on a path. */
  listenPath(_grant: Grant, path: string, options: { readonly backlog: number }): Promise<LinkListener> {
    return this.#servers.listenPath(path, options);
  }

  /** Opens a datagram socket with one peer. */
  connectDatagram(
    _grant: Grant,
    target: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: DatagramOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    return this.#datagrams.connect(target, how);
  }

  /** Binds a datagram socket. */
  bindDatagram(
    _grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: BindOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    return this.#datagrams.bind(at, how);
  }

  /** The addresses of the machine in memory: loopback only. */
  interfaces(): readonly InterfaceAddress[] {
    return this.#datagrams.interfaces;
  }

  async #connect(server: SocketAddress, signal: AbortSignal): Promise<ByteLink> {
    if (signal.aborted) throw abortError(signal.reason);
    const where = formatHostPort(server.address, server.port);
    this.log.push(`connect ${where}`);
    await this.faults?.connect(where, signal);
    if (signal.aborted) throw abortError(signal.reason);
    const door = this.#doors.get(where);
    if (door === undefined) {
      throw new ParleyError("NET_REFUSED", `Cannot connect to ${where}: nothing listens there`);
    }
    return door((take) => this.#makeLink(server, take), signal);
  }

  #makeLink(server: SocketAddress, take: Parameters<MakeLink>[0]): ByteLink {
    // A path has port 0, and a client there no address of its own.
    const client = server.port === 0 ? server : { address: "127.0.0.1", port: this.#nextPort++ };
    const { client: near, server: far } = linkPair({ client, server });
    take(far);
    return this.faults?.link({ near, far }) ?? near;
  }
}

async function serve(service: MemoryService, link: ByteLink): Promise<void> {
  try {
    await service(link);
    link.close();
  } catch {
    link.reset();
  }
}
