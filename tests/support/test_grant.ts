/** Grants for tests of back ends and engine, which take one without asking anybody. */
import { makeDestination, parseDestination, type Scheme } from "../../core/destination.ts";
import { isPathScheme } from "../../core/destination_syntax.ts";
import { canonicalHost, hostOfPath } from "../../core/host.ts";
import { connectDescriptor, type Descriptor, type TlsClaims } from "../../permissions/descriptor.ts";
import { type Grant, mintGrant } from "../../permissions/grant.ts";
import { NO_TERMS } from "../../permissions/policy.ts";
import { mainRequester } from "../../permissions/main_requester.ts";

/** What a test wants of its grant. */
export interface TestGrantOptions {
  /** What is done there; `tcp` by default. */
  readonly scheme?: Scheme;
  /** Host of the destination (a path for `unix`); 127.0.0.1 by default. */
  readonly host?: string;
  /** Port; 7 by default, and 0 for `unix`. */
  readonly port?: number;
  /** TLS terms; none by default. */
  readonly tls?: TlsClaims | null;
  /** Revokes the grant. */
  readonly signal?: AbortSignal;
}

/** Makes a grant for one open. */
export function testGrant(options: TestGrantOptions = {}): Grant {
  const { scheme = "tcp", host: text = "127.0.0.1", signal = new AbortController().signal } = options;
  const host = isPathScheme(scheme) ? hostOfPath(text) : canonicalHost(text);
  const destination = makeDestination({ scheme, host, port: options.port ?? (isPathScheme(scheme) ? 0 : 7) });
  return mintGrant({
    requester: mainRequester("file:///test/main.ts", 1),
    descriptor: descriptorFor(destination, options.tls ?? null),
    destination,
    lifetime: "once",
    source: "test",
    terms: NO_TERMS,
    signal,
    connected: () => {},
  });
}

/**
 * The request that a destination's scheme stands for.
 *
 * @param text As in rules, such as `listen://127.0.0.1:0`.
 */
export function requestFor(text: string): Descriptor {
  return descriptorFor(parseDestination(text), null);
}

function descriptorFor(destination: ReturnType<typeof makeDestination>, tls: TlsClaims | null): Descriptor {
  const { scheme, port } = destination;
  switch (scheme) {
    case "listen":
    case "listen+udp":
    case "listen+unix": {
      const transport = scheme === "listen" ? "tcp" : scheme === "listen+udp" ? "udp" : "unix";
      return { name: "listen", transport, destination, port, tls: null };
    }
    case "udp-peers":
      return { name: "udp-peers", transport: "udp", destination, port, tls: null };
    case "multicast":
      return { name: "direct-sockets-multicast", transport: "udp", destination, port, source: null, tls: null };
    default:
      return connectDescriptor({ destination, port, tls, transport: scheme === "tls" ? "tcp" : scheme });
  }
}
