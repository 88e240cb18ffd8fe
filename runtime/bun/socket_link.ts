/**
 * A byte link over a socket of `Bun.connect` or `Bun.listen`: a queue for what Bun pushes, and a wait for `drain` when the kernel takes
 * only a part of what is written.
 */
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { ChunkQueue, ownedChunk } from "../_node/chunk_queue.ts";
import { closedError } from "../_node/errors.ts";
import { checkView, socketAddress } from "../_node/tcp_link.ts";
import { bunNetError } from "./errors.ts";
import type { BunSocket } from "./types.ts";

/** What is left of a write, and who waits for it. */
interface PendingWrite {
  rest: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: ParleyError) => void;
}

/** Both ends of a socket, where it does not know them itself. */
export interface SocketEnds {
  /** The far end. */
  readonly remote: SocketAddress;
  /** This end. */
  readonly local: SocketAddress;
}

/** A {@linkcode ByteLink} over a Bun socket. The socket's handlers call the `on…` methods. */
export class BunSocketLink implements ByteLink {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #socket: BunSocket;
  readonly #queue: ChunkQueue;
  #pending: PendingWrite | null = null;
  #failure: ParleyError | null = null;
  #shutDown = false;
  #closed = false;

  /**
   * @param socket An open socket, made with `allowHalfOpen`.
   * @param ends Its ends; by default those that the system tells.
   */
  constructor(socket: BunSocket, ends: SocketEnds = endsOf(socket)) {
    this.#socket = socket;
    this.remote = ends.remote;
    this.local = ends.local;
    this.#queue = new ChunkQueue({ pause: () => socket.pause(), resume: () => socket.resume() });
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  async read(view: Uint8Array): Promise<number> {
    checkView(view);
    return await this.#queue.read(view);
  }

  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#queue.readChunk();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.byteLength === 0) return undefined;
    const refusal = this.#refusal("write");
    if (refusal !== null) return Promise.reject(refusal);
    // Mostly the kernel takes all at once; then there is nothing to wait for.
    const taken = this.#socket.write(bytes);
    if (taken === bytes.byteLength) return undefined;
    if (taken < 0) return Promise.reject(this.#broke(gone("write")));
    return new Promise((resolve, reject) => {
      this.#pending = { rest: bytes.subarray(taken), resolve, reject };
    });
  }

  closeWrite(): Promise<void> {
    if (this.#shutDown) return Promise.resolve();
    const refusal = this.#refusal("end the writing side");
    if (refusal !== null) return Promise.reject(refusal);
    // Nothing is left to flush: a write resolves only when the kernel has all of it, and one is under way at most.
    this.#shutDown = true;
    this.#socket.shutdown();
    return Promise.resolve();
  }

  close(): void {
    this.#shut(() => this.#socket.end());
  }

  reset(): void {
    this.#shut(() => this.#socket.terminate());
  }

  /** Takes a received chunk. */
  onData(chunk: Uint8Array): void {
    this.#queue.push(ownedChunk(chunk));
  }

  /** Goes on with a pending write. */
  onDrain(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const taken = this.#socket.write(pending.rest);
    if (taken < 0) return void this.#broke(gone("write"));
    pending.rest = pending.rest.subarray(taken);
    if (pending.rest.byteLength > 0) return;
    this.#pending = null;
    pending.resolve();
  }

  /** The far end sent FIN. */
  onEnd(): void {
    this.#queue.end();
  }

  /** The descriptor is gone. */
  onClose(error: unknown): void {
    if (this.#closed) return;
    if (error) return void this.#broke(bunNetError(error, "go on with the connection"));
    // After our own FIN, Bun reports the far end's FIN as a close without error and without `end`.
    if (this.#shutDown) this.#queue.end();
    this.#broke(this.#shutDown ? closedError("use the connection") : gone("go on with the connection"));
  }

  /** An error that Bun reports apart from the close. */
  onError(error: unknown): void {
    this.#broke(bunNetError(error, "go on with the connection"));
  }

  #refusal(doing: string): ParleyError | null {
    if (this.#closed) return closedError(doing);
    return this.#failure ?? (this.#shutDown ? closedError(doing) : null);
  }

  /** The first reason stays; an end that was already seen stays an end. */
  #broke(error: ParleyError): ParleyError {
    this.#failure ??= error;
    this.#queue.fail(this.#failure);
    this.#pending?.reject(this.#failure);
    this.#pending = null;
    return this.#failure;
  }

  #shut(release: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = closedError("use the connection");
    this.#queue.close(error);
    this.#pending?.reject(error);
    this.#pending = null;
    release();
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: BunSocket): SocketEnds {
  return { remote: socketAddress(remoteAddress, remotePort), local: socketAddress(localAddress, localPort) };
}

function gone(doing: string): ParleyError {
  return new ParleyError("NET_RESET", `Cannot ${doing}: the connection went away without an end`);
}
