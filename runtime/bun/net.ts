/**
 * The network on Bun 1.4, through `Bun.connect`; names by `node:dns`, TLS by `node:tls` (Bun's own TLS never calls a
 * name check and drops plaintext that was injected before the handshake).
 *
 * Bun cannot cancel an attempt to connect: on abort the caller is told at once, and the socket is broken off when it opens.
 */
import { abortError } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, ConnectOptions, NetBackend, NetGaps } from "../../net/port.ts";
import { abortable, resolveName } from "../_node/resolve.ts";
import { addressText, endpointText, keepAliveMs } from "../_node/tcp_link.ts";
import { tlsHandshake } from "../_node/tls.ts";
import { bundledRoots } from "../_node/tls_context.ts";
import { bunNetError } from "./errors.ts";
import { BunSocketLink } from "./socket_link.ts";
import type { BunConnectOptions, BunGlobal, BunSocket, BunSocketHandlers } from "./types.ts";
import { bunDatagrams } from "./datagram.ts";
import { bunServers } from "./listen.ts";

/** Taken at load, so that code loaded later cannot replace it (CORE-01). */
const bun = (globalThis as unknown as { readonly Bun: BunGlobal }).Bun;
const bunConnect = bun.connect.bind(bun);

/** What Bun cannot do. */
const GAPS: NetGaps = Object.freeze({
  connectNotCancellable: true,
  keepAliveDelayIgnored: false,
  resetSendsFin: false,
  acceptsEagerly: true,
  serverIpv6OnlyIgnored: false,
  datagramNotConnected: false,
  datagramBuffersIgnored: false,
  multicastTtlZeroRefused: true,
});

/** Taken at load, so that code loaded later cannot add to them (CORE-01). */
const ROOTS = bundledRoots();

/** The network as Bun gives it. Addresses are always looked up and vetted apart, so `connectByName` refuses. */
export const bunNet: NetBackend = Object.freeze<NetBackend>({
  gaps: GAPS,
  ...bunServers,
  ...bunDatagrams,
  canResolve: () => Promise.resolve(true),
  resolve: (_grant, host, { type, signal }) => resolveName(host, { type, signal, translate: bunNetError }),
  connect: (_grant, { address, port }, options) => openLink({ host: addressText(address), port }, options),
  connectByName(_grant, { host }) {
    return Promise.reject(
      new ParleyError("RUNTIME_UNSUPPORTED", `Cannot connect to ${host} by name: Bun looks addresses up apart`),
    );
  },
  tls: (_grant, link, terms, { signal }) => tlsHandshake(link, terms, { signal, roots: ROOTS, translate: bunNetError }),
});

interface Target {
  readonly host: string;
  readonly port: number;
}

async function openLink(target: Target, options: ConnectOptions): Promise<ByteLink> {
  const { signal, noDelay, keepAliveDelayMs } = options;
  if (signal.aborted) throw abortError(signal.reason);
  return await abortable(signal, (resolve: (link: ByteLink) => void, reject) => {
    const opened = (socket: BunSocket): BunSocketLink | null => {
      if (signal.aborted) {
        socket.terminate();
        return null;
      }
      socket.setNoDelay(noDelay);
      if (keepAliveDelayMs !== null) socket.setKeepAlive(true, keepAliveMs(keepAliveDelayMs));
      const link = new BunSocketLink(socket);
      resolve(link);
      return link;
    };
    const failed = (error: unknown): void => {
      reject(bunNetError(error, `connect to ${endpointText(target.host, target.port)}`));
    };
    bunConnect(connectOptions(target, handlersFor(opened, failed))).catch(failed);
  });
}

/** The link is made inside `open`, before Bun can deliver a byte. */
function handlersFor(
  opened: (socket: BunSocket) => BunSocketLink | null,
  failed: (error: unknown) => void,
): BunSocketHandlers {
  let link: BunSocketLink | null = null;
  return {
    binaryType: "uint8array",
    open: (socket) => void (link = opened(socket)),
    data: (_socket, chunk) => link?.onData(chunk),
    drain: () => link?.onDrain(),
    end: () => link?.onEnd(),
    close: (_socket, error) => link?.onClose(error),
    error: (_socket, error) => link === null ? failed(error) : link.onError(error),
    connectError: (_socket, error) => failed(error),
    timeout: () => {},
  };
}

/** Own properties all: a `tls`, `unix` or `fd` from Object.prototype would make another connection of it. */
function connectOptions({ host, port }: Target, socket: BunSocketHandlers): BunConnectOptions {
  return {
    hostname: host,
    port,
    allowHalfOpen: true,
    exclusive: false,
    unix: undefined,
    fd: undefined,
    tls: undefined,
    data: undefined,
    socket,
  };
}
