/**
 * Finds a peer of an IPFS network by its id, with the libp2p packages: asks a peer that is known where the other one is, and
 * pings it there. Who turns up on the way has to be approved like everybody else:
 * `bun examples/ipfs_peers.ts /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW… 12D3KooX…`
 */
import process from "node:process";
import { noise } from "@chainsafe/libp2p-noise";
import { identify } from "@libp2p/identify";
import {
  type ComponentLogger,
  type Connection,
  type DialTransportOptions,
  type IdentifyResult,
  type Transport,
  transportSymbol,
} from "@libp2p/interface";
import { kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { peerIdFromString } from "@libp2p/peer-id";
import { ping } from "@libp2p/ping";
import {
  AbstractMultiaddrConnection,
  type AbstractMultiaddrConnectionInit,
  getNetConfig,
  type SendResult,
} from "@libp2p/utils";
import { yamux } from "@libp2p/yamux";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { openTCPSocket, type TCPSocket } from "@parley/parley";
import { createLibp2p } from "libp2p";

/** A socket as libp2p takes a connection. */
class ParleyConnection extends AbstractMultiaddrConnection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  #mayRead: PromiseWithResolvers<void> | null = null;

  constructor(socket: TCPSocket, init: AbstractMultiaddrConnectionInit) {
    super(init);
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    void this.#readAll().catch((error) => this.abort(error));
  }

  async #readAll(): Promise<void> {
    for (;;) {
      await this.#mayRead?.promise;
      const { value } = await this.#reader.read();
      if (value === undefined) return this.onTransportClosed();
      this.onData(value);
    }
  }

  /** One write at a time: the next one waits for `drain`. */
  override sendData(data: { readonly byteLength: number; subarray(): Uint8Array }): SendResult {
    const written = this.#writer.write(data.subarray() as Uint8Array<ArrayBuffer>);
    written.then(() => this.safeDispatchEvent("drain"), (error) => this.abort(error));
    return { sentBytes: data.byteLength, canSendMore: false };
  }

  override sendPause(): void {
    this.#mayRead = Promise.withResolvers();
  }

  override sendResume(): void {
    this.#mayRead?.resolve();
  }

  override sendReset(reason: Error): void {
    this.#mayRead?.resolve();
    void this.#writer.abort(reason).catch(() => {});
    void this.#reader.cancel(reason).catch(() => {});
  }

  override async sendClose(): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
  }
}

/** Dials over Parley; listens nowhere. */
class ParleyTransport implements Transport {
  readonly [transportSymbol] = true;
  readonly [Symbol.toStringTag] = "parley";
  readonly #logger: ComponentLogger;

  constructor({ logger }: { readonly logger: ComponentLogger }) {
    this.#logger = logger;
  }

  async dial(remoteAddr: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const { host, port } = getNetConfig(remoteAddr);
    const { signal, upgrader } = options;
    const socket = await openTCPSocket({ remoteAddress: host, remotePort: port ?? 4001, noDelay: true, signal });
    const log = this.#logger.forComponent("parley");
    const connection = new ParleyConnection(socket, { remoteAddr, direction: "outbound", log });
    try {
      return await upgrader.upgradeOutbound(connection, options); // noise, with the key that the peer's id names
    } catch (error) {
      connection.abort(error as Error);
      throw error;
    }
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) =>
      /^\/(ip4|ip6|dns[46]?)\/[^/]+\/tcp\/\d+(\/p2p\/[^/]+)?$/.test(String(address))
    );
  }

  listenFilter(): Multiaddr[] {
    return [];
  }

  createListener(): never {
    throw new TypeError("Cannot listen: this transport only dials");
  }
}

const node = await createLibp2p({
  transports: [(components) => new ParleyTransport(components)],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    ping: ping({ maxOutboundStreams: 2 }),
    // The public network has /ipfs/kad/1.0.0, and removePrivateAddressesMapper keeps it from leading into this one.
    dht: kadDHT({ protocol: "/ipfs/lan/kad/1.0.0", peerInfoMapper: passthroughMapper, clientMode: true }),
  },
});
const [address = "", wanted = ""] = process.argv.slice(2);
const identified = Promise.withResolvers<IdentifyResult>();
node.addEventListener("peer:identify", ({ detail }) => identified.resolve(detail));
await node.dial(multiaddr(address));
const { peerId, agentVersion, protocols } = await identified.promise;
console.log(`${peerId} runs ${agentVersion}, speaks ${protocols.join(" ")}`);

const { id, multiaddrs } = await node.peerRouting.findPeer(peerIdFromString(wanted));
console.log(`${id} is at ${multiaddrs.join(" ")}`);
console.log(`${id} answers in ${await node.services.ping.ping(id)} ms`);
await node.stop();
process.exit(); // timers that libp2p leaves behind would keep Deno waiting
