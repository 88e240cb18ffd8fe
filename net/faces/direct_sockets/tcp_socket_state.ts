/** The internal slots of a `TCPSocket`: its two promises, and what `close()` does in each state (DS-16, DS-38 to DS-41). */
import type { NetContextSource } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { faceErrors } from "./errors.ts";
import { openConnection } from "./open_connection.ts";
import type { TcpSocketRequest } from "./tcp_socket_options.ts";

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

/** A socket from construction to its end: `opening` → `open` → `closed`, or `opening` → `failed`. */
export class TcpSocketState {
  /** Settles when the connection is there, or could not be made. */
  readonly opened: Promise<TCPSocketOpenInfo>;
  /** Settles when both directions have ended, or the connection could not be made. */
  readonly closed: Promise<void>;
  #connection: TcpConnection | null = null;
  #closing = false;
  #settled = false;

  /**
   * Begins to open.
   *
   * @param request Where to and how.
   * @param source Whom for.
   */
  constructor(request: TcpSocketRequest, source: NetContextSource) {
    const opened = Promise.withResolvers<TCPSocketOpenInfo>();
    const closed = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.closed = closed.promise;
    // Nobody has to look at either (DS-23).
    this.opened.catch(() => {});
    this.closed.catch(() => {});
    void this.#live(request, { source, opened, closed });
  }

  async #live(
    request: TcpSocketRequest,
    { source, opened, closed }: {
      readonly source: NetContextSource;
      readonly opened: PromiseWithResolvers<TCPSocketOpenInfo>;
      readonly closed: PromiseWithResolvers<void>;
    },
  ): Promise<void> {
    const toFaceError = faceErrors({ where: request.where, closing: () => this.#closing });
    try {
      this.#connection = await openConnection(request, { source, toFaceError });
      opened.resolve(openInfo(this.#connection));
      await this.#connection.closed;
      closed.resolve();
    } catch (error) {
      opened.reject(error);
      closed.reject(error);
    } finally {
      this.#settled = true;
    }
  }

  /**
   * Closes both directions and releases the descriptor.
   *
   * Deviation: `closed` then resolves, as the draft's prose on `closed` says, although its steps reject it with the stored
   * error of the aborted writable, which is undefined (DS-41); and that stored error is an `AbortError`.
   *
   * https://wicg.github.io/direct-sockets/#close-method
   *
   * @returns The very `closed` promise.
   * @throws {DOMException} `InvalidStateError`, as rejection, before the socket is open, after it failed to open, and while
   * a stream is locked. Nothing is closed then, and an attempt to open goes on.
   */
  close(): Promise<void> {
    if (this.#connection === null) {
      return invalidState(this.#settled ? "it could not be opened" : "it is not open yet");
    }
    if (this.#settled) return this.closed;
    if (this.#connection.locked) return invalidState("a stream is locked");
    this.#closing = true;
    void this.#connection.close();
    return this.closed;
  }
}

/** Members in the order in which Web IDL defines them on a dictionary's object: by name. */
function openInfo({ readable, writable, remote, local }: TcpConnection): TCPSocketOpenInfo {
  return {
    localAddress: local.address,
    localPort: local.port,
    readable,
    remoteAddress: remote.address,
    remotePort: remote.port,
    writable,
  };
}

function invalidState(state: string): Promise<never> {
  return Promise.reject(new DOMException(`Cannot close the socket: ${state}`, "InvalidStateError"));
}
