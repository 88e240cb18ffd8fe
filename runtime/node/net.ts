/**
 * The network on Node 24, through `node:net`, `node:dns` and `node:tls`. Every option that could change where a
 * connection goes is an own property, set to undefined where it is not wanted (CORE-01).
 */
import net from "node:net";
import { abortError } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, ConnectOptions, NetBackend, NetGaps } from "../../net/port.ts";
import { abortable, resolveName } from "../_node/resolve.ts";
import { addressText, endpointText, keepAliveMs, socketAddress, StreamLink } from "../_node/tcp_link.ts";
import { tlsHandshake } from "../_node/tls.ts";
import { bundledRoots } from "../_node/tls_context.ts";
import { nodeNetError } from "./errors.ts";
import { nodeDatagrams } from "./datagram.ts";
import { nodeServers } from "./listen.ts";
import { socketOptions } from "./socket_options.ts";

const Socket = net.Socket;

/** What Node cannot do: of what the contract asks for, nothing. */
const GAPS: NetGaps = Object.freeze({
  connectNotCancellable: false,
  keepAliveDelayIgnored: false,
  resetSendsFin: false,
  acceptsEagerly: true,
  serverIpv6OnlyIgnored: false,
  datagramNotConnected: false,
  datagramBuffersIgnored: false,
  multicastTtlZeroRefused: false,
});

/** Taken at load, so that code loaded later cannot add to them (CORE-01). */
const ROOTS = bundledRoots();

/**
 * The network as Node gives it. Addresses are always looked up and vetted apart, so `connectByName` refuses: it would
 * skip the vetting.
 */
export const nodeNet: NetBackend = Object.freeze<NetBackend>({
  gaps: GAPS,
  ...nodeServers,
  ...nodeDatagrams,
  canResolve: () => Promise.resolve(true),
  resolve: (_grant, host, { type, signal }) => resolveName(host, { type, signal, translate: nodeNetError }),
  async connect(_grant, { address, port }, options) {
    const socket = await openSocket({ host: addressText(address), family: address.family, port }, options);
    return linkOver(socket, options);
  },
  connectByName(_grant, { host }) {
    return Promise.reject(
      new ParleyError("RUNTIME_UNSUPPORTED", `Cannot connect to ${host} by name: Node looks addresses up apart`),
    );
  },
  tls: (_grant, link, terms, { signal }) =>
    tlsHandshake(link, terms, { signal, roots: ROOTS, translate: nodeNetError }),
});

interface Target {
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
}

async function openSocket({ host, family, port }: Target, { signal }: ConnectOptions): Promise<net.Socket> {
  if (signal.aborted) throw abortError(signal.reason);
  const socket = new Socket(socketOptions());
  try {
    return await abortable(signal, (resolve: (socket: net.Socket) => void, reject) => {
      const doing = `connect to ${endpointText(host, port)}`;
      socket.once("error", (error) => reject(nodeNetError(error, doing)));
      socket.once("connect", () => resolve(socket));
      socket.connect(connectOptions({ host, family, port }));
    });
  } catch (error) {
    socket.on("error", ignore);
    socket.destroy();
    throw error;
  }
}

function linkOver(socket: net.Socket, { noDelay, keepAliveDelayMs }: ConnectOptions): ByteLink {
  socket.setNoDelay(noDelay);
  if (keepAliveDelayMs !== null) socket.setKeepAlive(true, keepAliveMs(keepAliveDelayMs));
  return new StreamLink(socket, {
    remote: socketAddress(socket.remoteAddress, socket.remotePort),
    local: socketAddress(socket.localAddress, socket.localPort),
    translate: nodeNetError,
    abort: () => void socket.resetAndDestroy(),
  });
}

/** Own properties all: a `path` from Object.prototype would connect to a Unix socket, a `lookup` to another address. */
function connectOptions({ host, family, port }: Target): net.TcpNetConnectOpts {
  const options: Record<string, unknown> & { port: number } = {
    host,
    port,
    family,
    path: undefined,
    localAddress: undefined,
    localPort: undefined,
    lookup: undefined,
    hints: undefined,
    autoSelectFamily: false,
    autoSelectFamilyAttemptTimeout: undefined,
    blockList: undefined,
    timeout: undefined,
    onread: undefined,
    signal: undefined,
    noDelay: undefined,
    keepAlive: undefined,
    keepAliveInitialDelay: undefined,
  };
  return options;
}

function ignore(): void {}
