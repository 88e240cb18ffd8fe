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
import { linkPair } from "./memory_link.ts";
import { memoryTlsClient } from "./memory_tls.ts";

/** What a memory server does with a connection. When it resolves or rejects, its end is closed. */
export type MemoryService = (link: ByteLink) => void | Promise<void>;

const GAPS: NetGaps = Object.freeze({
  connectNotCancellable: false,
  keepAliveDelayIgnored: false,
  resetSendsFin: false,
});

/** A network in memory. */
export class MemoryNetwork implements NetBackend {
  /** It can do everything. */
  readonly gaps: NetGaps = GAPS;
  /** What was asked of it, in order: proof that nothing left before consent. */
  readonly log: string[] = [];
  readonly #names = new Map<string, readonly IpAddress[]>();
  readonly #services = new Map<string, MemoryService>();
  #nextPort = 49_152;

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

  /** Serves an address and port, replacing whoever did. */
  listen(at: SocketAddress, service: MemoryService): void {
    this.#services.set(formatHostPort(at.address, at.port), service);
  }

  /** Stops serving an address and port; connections go on. */
  unlisten(at: SocketAddress): void {
    this.#services.delete(formatHostPort(at.address, at.port));
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
    const family = options.type === null ? null : options.type === "ipv4" ? 4 : 6;
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

  async #connect(server: SocketAddress, signal: AbortSignal): Promise<ByteLink> {
    if (signal.aborted) throw abortError(signal.reason);
    const where = formatHostPort(server.address, server.port);
    this.log.push(`connect ${where}`);
    await Promise.resolve();
    if (signal.aborted) throw abortError(signal.reason);
    const service = this.#services.get(where);
    if (service === undefined) {
      throw new ParleyError("NET_REFUSED", `Cannot connect to ${where}: nothing listens there`);
    }
    const { client, server: link } = linkPair({ client: { address: "127.0.0.1", port: this.#nextPort++ }, server });
    void serve(service, link);
    return client;
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
