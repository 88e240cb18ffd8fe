/** A link that a server accepted: it tells the server once when it is over, on whatever way. */
import type { ByteLink, SocketAddress } from "../../port.ts";

/** A {@linkcode ByteLink} that is counted. An upgrade to TLS goes on over it, so it ends when the connection does. */
export class AcceptedLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #onEnd: () => void;
  #ended = false;
  #handshakeNext = false;

  /**
   * @param link The link.
   * @param onEnd Called once when it is closed or broken off.
   */
  constructor(link: ByteLink, onEnd: () => void) {
    this.#link = link;
    this.#onEnd = onEnd;
  }

  /** The far end. */
  get remote(): SocketAddress {
    return this.#link.remote;
  }

  /** This end. */
  get local(): SocketAddress {
    return this.#link.local;
  }

  /** Bytes received but not read; none that count once a handshake is expected. */
  get bufferedBytes(): number {
    return this.#handshakeNext ? 0 : this.#link.bufferedBytes;
  }

  /**
   * Says that the other side was told to begin TLS. What has arrived since may be the beginning of its handshake, so it no
   * longer counts as left over: the TLS stack reads it, and fails where it is anything else.
   */
  expectHandshake(): void {
    this.#handshakeNext = true;
  }

  /** Reads into a view; see {@linkcode ByteLink.read}. */
  read(view: Uint8Array): Promise<number> {
    return this.#link.read(view);
  }

  /** Reads a chunk; see {@linkcode ByteLink.readChunk}. */
  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#link.readChunk();
  }

  /** Writes bytes; see {@linkcode ByteLink.write}. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#link.write(bytes);
  }

  /** Ends the writing direction; see {@linkcode ByteLink.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.#link.closeWrite();
  }

  /** Releases the link. */
  close(): void {
    this.#link.close();
    this.#end();
  }

  /** Breaks the link off. */
  reset(): void {
    this.#link.reset();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}
