/** The other side of a run: what it sends, what it takes, and how it ends. */
import type { ByteLink } from "../../../net/port.ts";
import { memoryTlsServer } from "../../../runtime/memory/memory_tls.ts";
import type { Pace } from "./pace.ts";
import type { Scenario } from "./scenario.ts";
import type { Traffic } from "./traffic.ts";

/** The name that the client connects to. */
export const PEER_HOST = "peer.example";
/** What the client says to upgrade. */
export const UPGRADE_REQUEST = "STARTTLS\n";
/** What it is answered. */
export const UPGRADE_ANSWER = "GO\n";

const INJECTED = "and this is no TLS\n";

/** What a peer works with. */
export interface PeerInit {
  readonly scenario: Scenario;
  readonly pace: Pace;
  readonly up: Traffic;
  readonly down: Traffic;
}

/**
 * Serves a connection.
 *
 * @param raw The connection.
 * @param init What for.
 * @throws {ParleyError} When the connection breaks; the network then resets it.
 */
export async function servePeer(raw: ByteLink, init: PeerInit): Promise<void> {
  const link = await secured(raw, init.scenario);
  switch (init.scenario.peer) {
    case "echo":
      await echo(link, init);
      return await finish(link, init);
    case "answer":
      await receiveAll(link, init);
      await sendAll(link, init);
      return await finish(link, init);
    case "duplex":
      return await both(receiveAll(link, init), sendAll(link, init).then(() => finish(link, init)));
    case "hang-up":
      await sendAll(link, init);
      // Returning closes the link, whatever is unread.
      init.down.finished = true;
  }
}

async function secured(link: ByteLink, { tls, injected }: Scenario): Promise<ByteLink> {
  if (tls === "off") return link;
  if (tls === "starttls") {
    const line = await exactly(link, UPGRADE_REQUEST.length);
    if (line !== UPGRADE_REQUEST) throw new TypeError(`Cannot serve: "${line}" is not ${UPGRADE_REQUEST}`);
    await link.write(new TextEncoder().encode(UPGRADE_ANSWER + (injected ? INJECTED : "")));
  }
  return await memoryTlsServer(link, { names: [PEER_HOST], authority: "public" });
}

async function exactly(link: ByteLink, length: number): Promise<string> {
  const view = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const read = await link.read(view.subarray(filled));
    if (read === 0) break;
    filled += read;
  }
  return new TextDecoder().decode(view);
}

async function echo(link: ByteLink, { pace, up, down }: PeerInit): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) {
    up.take(chunk);
    await pace.idle();
    // What comes back is what came; `down` counts it.
    down.sent += chunk.byteLength;
    await link.write(chunk);
    down.accepted += chunk.byteLength;
  }
  up.ended = true;
}

async function receiveAll(link: ByteLink, { scenario, pace, up }: PeerInit): Promise<void> {
  // Of any size, but none that would take thousands of reads.
  const view = new Uint8Array(Math.max(pace.size(20_000), Math.ceil(scenario.upBytes / 100)));
  for (let read = await link.read(view); read > 0; read = await link.read(view)) {
    up.take(view.subarray(0, read));
    await pace.idle();
  }
  up.ended = true;
}

async function sendAll(link: ByteLink, { scenario, pace, down }: PeerInit): Promise<void> {
  while (down.sent < scenario.downBytes) {
    const chunk = down.next(pace.size(scenario.downBytes - down.sent));
    await link.write(chunk);
    down.accepted += chunk.byteLength;
    await pace.idle();
  }
}

async function finish(link: ByteLink, { down }: PeerInit): Promise<void> {
  await link.closeWrite();
  down.finished = true;
}

/** Waits for both, and then fails as the first that failed: neither direction ends the other. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  for (const outcome of await Promise.allSettled([one, other])) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}
