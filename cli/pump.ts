/** Passes bytes between standard streams and a socket, both directions on their own. */
import type { PlainStreams } from "../net/above/starttls/negotiate.ts";
import type { PeerOutput } from "./peer_output.ts";

/** How bytes are passed. */
export interface PumpOptions {
  /** Where the peer's bytes go. */
  readonly output: PeerOutput;
  /** Sends line ends as CR LF. */
  readonly crlf: boolean;
  /** Called when the peer has finished; then the rest of the input is sent too. When absent, it is not. */
  readonly onPeerEnd?: () => void;
}

/** Bytes that were passed. */
export interface PumpCounts {
  /** To the peer. */
  readonly sent: number;
  /** From the peer. */
  readonly received: number;
}

const READ_BYTES = 64 * 1024;

/**
 * Passes bytes until the peer has finished sending, or both have. The end of the input ends the sending direction only.
 *
 * @param input Bytes for the peer.
 * @param socket The connection.
 * @param options Output and line ends.
 * @throws what the socket's readable throws; a failing writer ends sending, and reading tells why.
 */
export async function pump(
  input: ReadableStream<Uint8Array>,
  socket: PlainStreams,
  options: PumpOptions,
): Promise<PumpCounts> {
  const counts = { sent: 0, received: 0 };
  const sending = send(input, socket.writable, { ...options, counts });
  // Whether standard input has ended does not matter once the peer has finished.
  sending.catch(() => {});
  await receive(socket.readable, options.output, counts);
  if (options.onPeerEnd !== undefined) {
    options.onPeerEnd();
    await sending;
  }
  return { ...counts };
}

async function send(
  input: ReadableStream<Uint8Array>,
  writable: WritableStream<BufferSource>,
  options: PumpOptions & { readonly counts: { sent: number } },
): Promise<void> {
  const writer = writable.getWriter();
  const toWire = options.crlf ? crlfEncoder() : (bytes: Uint8Array) => bytes;
  for await (const chunk of input) {
    const bytes = toWire(chunk);
    await writer.write(bytes as Uint8Array<ArrayBuffer>);
    options.counts.sent += bytes.byteLength;
  }
  // Everything was written: a peer that cannot be told of the end has gone.
  await writer.close().catch(() => {});
}

async function receive(
  readable: ReadableStream<Uint8Array>,
  output: PeerOutput,
  counts: { received: number },
): Promise<void> {
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done || value === undefined) break;
    counts.received += value.byteLength;
    await output.write(value);
    buffer = value.buffer;
  }
  await output.end();
}

/** Turns LF into CR LF, leaving CR LF as it is, across chunks. */
function crlfEncoder(): (bytes: Uint8Array) => Uint8Array {
  let lastWasCr = false;
  return (bytes) => {
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte === 10 && !lastWasCr) out.push(13);
      out.push(byte);
      lastWasCr = byte === 13;
    }
    return Uint8Array.from(out);
  };
}
