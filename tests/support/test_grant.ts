/** Grants for tests of back ends and engine, which take one without asking anybody. */
import { makeDestination } from "../../core/destination.ts";
import { canonicalHost } from "../../core/host.ts";
import type { TlsClaims } from "../../permissions/descriptor.ts";
import { type Grant, mintGrant } from "../../permissions/grant.ts";
import { mainRequester } from "../../permissions/main_requester.ts";

/** What a test wants of its grant. */
export interface TestGrantOptions {
  /** Host of the destination; 127.0.0.1 by default. */
  readonly host?: string;
  /** Port; 7 by default. */
  readonly port?: number;
  /** TLS terms; none by default. */
  readonly tls?: TlsClaims | null;
  /** Revokes the grant. */
  readonly signal?: AbortSignal;
}

/** Makes a grant for one open. */
export function testGrant(options: TestGrantOptions = {}): Grant {
  const { host = "127.0.0.1", port = 7, tls = null, signal = new AbortController().signal } = options;
  const destination = makeDestination({ scheme: "tcp", host: canonicalHost(host), port });
  return mintGrant({
    requester: mainRequester("file:///test/main.ts", 1),
    descriptor: { name: "direct-sockets", destination, port, tls },
    destination,
    lifetime: "once",
    source: "test",
    signal,
  });
}
