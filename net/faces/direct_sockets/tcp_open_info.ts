/** What `opened` of a `TCPSocket` resolves with (DS-17). */
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import type { OpenSocket } from "./socket_state.ts";

/** What `opened` resolves with. */
export interface TCPSocketOpenInfo {
  /** Bytes from the far end; a byte stream, so `getReader({ mode: "byob" })` works. Ends when the far end has finished. */
  readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Bytes to the far end. A write settles when the system has taken it; closing ends this direction only. */
  writable: WritableStream<BufferSource>;
  /** IP address of the far end, never a name. */
  remoteAddress: string;
  /** Port of the far end. */
  remotePort: number;
  /** IP address of this end. */
  localAddress: string;
  /** Port of this end. */
  localPort: number;
}

/**
 * A connection as an open socket.
 *
 * @param connection The connection.
 */
export function openTcp(connection: TcpConnection): OpenSocket<TCPSocketOpenInfo> {
  const { readable, writable, remote, local } = connection;
  // Members in the order in which Web IDL defines them on a dictionary's object: by name.
  const info: TCPSocketOpenInfo = {
    localAddress: local.address,
    localPort: local.port,
    readable,
    remoteAddress: remote.address,
    remotePort: remote.port,
    writable,
  };
  return { info, core: connection };
}
