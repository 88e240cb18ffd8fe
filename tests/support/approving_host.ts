/** A test host whose operator says yes, with one service at `peer.example:7`, and what its tests say and see. */
import { type ByteLink, createTestHost, type MemoryService, type TestHost } from "../../testing.ts";

/** Where the service is. */
export const PEER_ADDRESS = "93.184.215.14";

/** What to ask for. */
export const PEER: { readonly remoteAddress: string; readonly remotePort: number } = Object.freeze({
  remoteAddress: "peer.example",
  remotePort: 7,
});

/** Makes the host. */
export function approvingHost(service: MemoryService): TestHost {
  const host = createTestHost({ answer: () => ({ kind: "allow", lifetime: "run", host: null }) });
  host.network.addName(PEER.remoteAddress, PEER_ADDRESS);
  host.network.listen({ address: PEER_ADDRESS, port: PEER.remotePort }, service);
  return host;
}

/** Sends back what comes, and ends when the other side does. */
export async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
  await link.closeWrite();
}

/** Everything until the other side ends, as text. */
export async function readToEnd(link: ByteLink): Promise<string> {
  let all = "";
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) all += textOf(chunk);
  return all;
}

/** Bytes as text. */
export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** Text as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes of which no two neighbourhoods are alike, so that a lost, doubled or misplaced chunk shows. */
export function patternBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + index | 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A turn of the event loop: every promise reaction and tick that was due has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}

/** Turns enough for whatever waits for nothing from outside. */
export async function settled(): Promise<void> {
  for (let count = 0; count < 20; count++) await turn();
}
