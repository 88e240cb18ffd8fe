/** The key that a server shows now, for the operator to look at. No byte is sent to it beyond the handshake. */
import { ParleyError } from "../../core/errors.ts";
import type { Destination } from "../../core/destination.ts";
import type { NetContextSource } from "../../net/context.ts";
import { negotiateStartTls, type StartTlsProtocol } from "../../net/above/starttls/negotiate.ts";
import { keyFacts } from "../../net/engine/pins.ts";
import { createRawSockets, type TCPSocket } from "../../net/faces/raw_sockets/mod.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeyFacts } from "../../permissions/pins/peer_key_facts.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";

/** How the server is asked. */
export interface SeenKeyOptions {
  /** Where it is. */
  readonly destination: Destination;
  /** The protocol that is spoken up to its upgrade to TLS, or null for TLS from the first byte. */
  readonly starttls: StartTlsProtocol | null;
  /** Milliseconds for connecting. */
  readonly timeoutMs: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/**
 * Connects, makes a handshake that proves that the server has the key, and closes.
 *
 * @param source Whom for; the destination is approved by it.
 * @param options Where, and how.
 * @returns What the server showed; without a reason where its certificate is trusted.
 * @throws {DOMException} as `openTCPSocket`.
 * @throws {ParleyError} `TLS_HANDSHAKE` when it showed no certificate.
 */
export async function seeKey(source: NetContextSource, options: SeenKeyOptions): Promise<PeerKeyFacts> {
  const keys = new LookingKeys();
  const { openTCPSocket } = createRawSockets(async () => ({ ...await source(), keys }));
  const { destination, starttls, timeoutMs, signal } = options;
  const plain = await openTCPSocket({
    remoteAddress: destination.host.text,
    remotePort: destination.port,
    secureTransport: starttls === null ? "on" : "starttls",
    connectTimeout: timeoutMs,
    tls: { onUntrusted: "ask" },
    signal,
  });
  try {
    const secure = starttls === null ? plain : await upgraded(plain, starttls);
    await secure[Symbol.asyncDispose]();
    return keys.seen(secure, destination);
  } finally {
    await plain[Symbol.asyncDispose]();
  }
}

async function upgraded(plain: TCPSocket, protocol: StartTlsProtocol): Promise<TCPSocket> {
  await negotiateStartTls(protocol, plain);
  return await plain.startTls();
}

/** Lets every key pass, whatever is pinned: nothing but the handshake comes of it. */
class LookingKeys implements PeerKeys {
  #facts: PeerKeyFacts | null = null;

  pinned(): null {
    return null;
  }

  met(): void {}

  mismatch(): void {}

  approve(_grant: Grant, facts: PeerKeyFacts): Promise<boolean> {
    this.#facts = facts;
    return Promise.resolve(true);
  }

  /** What was shown. Nobody has to approve a certificate that is trusted. */
  seen({ tlsInfo }: TCPSocket, { host, port }: Destination): PeerKeyFacts {
    const leaf = tlsInfo?.chain[0];
    if (leaf === undefined) {
      throw new ParleyError("TLS_HANDSHAKE", `Cannot see the key of ${host.text}: it showed none`);
    }
    return this.#facts ?? keyFacts({ host: host.text, port }, leaf, null);
  }
}
