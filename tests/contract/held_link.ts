/** A link that keeps back what is written to it after the first piece, and sends it all at once at a test's word. */
import type { ByteLink, SocketAddress } from "../../net/port.ts";

/** A {@linkcode ByteLink} that sends in one piece what the other side would get in several. */
export class HeldLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #held: number[] = [];
  #begun = false;
  #ended = false;

  constructor(link: ByteLink) {
    this.#link = link;
  }

  get remote(): SocketAddress {
    return this.#link.remote;
  }

  get local(): SocketAddress {
    return this.#link.local;
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  /** Bytes kept back. */
  get heldBytes(): number {
    return this.#held.length;
  }

  read(view: Uint8Array): Promise<number> {
    return this.#link.read(view);
  }

  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#link.readChunk();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#begun) {
      this.#held.push(...bytes);
      return undefined;
    }
    this.#begun = true;
    return this.#link.write(bytes);
  }

  closeWrite(): Promise<void> {
    this.#ended = true;
    return Promise.resolve();
  }

  /** Sends what was kept back, and the end if there was one. */
  async release(): Promise<void> {
    await this.#link.write(Uint8Array.from(this.#held));
    if (this.#ended) await this.#link.closeWrite();
  }

  close(): void {
    this.#link.close();
  }

  reset(): void {
    this.#link.reset();
  }
}
