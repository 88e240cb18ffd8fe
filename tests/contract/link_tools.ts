/** Services and small tools for the contract suites, over any byte link. */
import type { ByteLink, SocketAddress } from "../../net/port.ts";

/** Text as bytes. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that show a lost, doubled or swapped piece: no period shorter than the length. */
export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Everything until the end. */
export async function collect(link: ByteLink): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) {
    chunks.push(chunk);
    length += chunk.byteLength;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** Sends back what it hears, and ends when the other side does. */
export async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
  await link.closeWrite();
}

/** Reads until the end. */
export async function discard(link: ByteLink): Promise<void> {
  while (await link.readChunk() !== null);
}

/** Copies one direction of two links. */
export async function pump(from: ByteLink, to: ByteLink): Promise<void> {
  for (let chunk = await from.readChunk(); chunk !== null; chunk = await from.readChunk()) await to.write(chunk);
  await to.closeWrite();
}

/**
 * Waits until a figure has not changed for a while (12 looks, 25 ms apart): the only way to see that something has come to
 * rest which would go on for ever if it could.
 */
export async function stalled(figure: () => number): Promise<void> {
  let last = figure();
  for (let quiet = 0; quiet < 12;) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    const now = figure();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
}

/** A link that counts what passes, and whose writes wait for `gate` once `gateAfter` bytes were written. */
export class MeteredLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #gate: { readonly after: number; readonly open: Promise<void> } | null;
  /** Bytes read so far. */
  bytesRead = 0;
  /** Bytes written so far. */
  bytesWritten = 0;
  /** Whether the writing side was ended. */
  writingEnded = false;

  constructor(link: ByteLink, gate: { readonly after: number; readonly open: Promise<void> } | null = null) {
    this.#link = link;
    this.#gate = gate;
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

  async read(view: Uint8Array): Promise<number> {
    const count = await this.#link.read(view);
    this.bytesRead += count;
    return count;
  }

  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunk = await this.#link.readChunk();
    this.bytesRead += chunk?.byteLength ?? 0;
    return chunk;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#gate !== null && this.bytesWritten >= this.#gate.after) await this.#gate.open;
    await this.#link.write(bytes);
    this.bytesWritten += bytes.byteLength;
  }

  closeWrite(): Promise<void> {
    this.writingEnded = true;
    return this.#link.closeWrite();
  }

  close(): void {
    this.#link.close();
  }

  reset(): void {
    this.#link.reset();
  }
}
