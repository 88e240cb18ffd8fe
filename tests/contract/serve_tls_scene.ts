/** What the tests of the server's side of TLS work with. */
import assert from "node:assert/strict";
import { isParleyError } from "../../core/errors.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, TlsResult, TlsTerms } from "../../net/port.ts";
import type { LinkListener, TlsIdentity, TlsServed } from "../../net/server_port.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { testGrant } from "../support/test_grant.ts";
import { type TestIdentity, testPki } from "../support/test_pki.ts";
import type { ContractHost } from "./contract_host.ts";
import { discard, utf8 } from "./link_tools.ts";
import { connectOptions } from "./net_contract.ts";
import { opensslClient } from "./openssl_client.ts";
import { given } from "./server_contract.ts";
import { tlsTerms } from "./tls_contract.ts";

/** The versions that are spoken. */
export const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
/** How OpenSSL is told to speak one of them. */
export const FLAGS = { "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3" } as const;

/** What a runtime's TLS does that the port does not want; asserted both ways. */
export interface ServeTlsTraits {
  /** The versions in which clients are given session tickets all the same. */
  readonly sendsTickets: readonly (typeof VERSIONS)[number][];
  /** Whether its TLS would take them, so that a client that comes back with one has to be refused. */
  readonly refusesTickets: boolean;
}

/** What a handshake came to, on both sides: an outcome, or an error. */
export interface Shaken {
  readonly served: TlsServed | Error;
  readonly result: TlsResult | Error;
}

/** What a test of the suite works with. Everything it opens is closed after it. */
export interface TlsScene {
  readonly host: ContractHost;
  readonly traits: ServeTlsTraits;
  readonly listener: LinkListener;
  /** A directory for files. */
  readonly directory: string;
  /** A connection without TLS. */
  plain(): Promise<{ readonly client: ByteLink; readonly server: ByteLink }>;
  /** Serves TLS over a link. */
  serve(link: ByteLink, identity?: Partial<TlsIdentity>, signal?: AbortSignal): Promise<TlsServed>;
  /** Makes a handshake as the client. */
  secure(link: ByteLink, terms?: Partial<TlsTerms>): Promise<TlsResult>;
  /** Both at once, over a new connection. */
  shake(identity?: Partial<TlsIdentity>, terms?: Partial<TlsTerms>): Promise<Shaken>;
  /** A handshake that both sides are content with. */
  met(identity?: Partial<TlsIdentity>, terms?: Partial<TlsTerms>): Promise<{
    readonly client: ByteLink;
    readonly server: ByteLink;
  }>;
  /** Serves a client of another make: a line of text, then the end. Gives what it printed and what came of it here. */
  visit(options: VisitOptions): Promise<{ readonly printed: string; readonly served: TlsServed | Error }>;
}

/** A client of another make, and what it meets. */
export interface VisitOptions {
  readonly identity?: Partial<TlsIdentity>;
  readonly client?: TestIdentity;
  readonly args?: readonly string[];
  readonly answer?: { readonly to: string; readonly text: string };
  /** What to do with the connection instead. */
  readonly service?: (link: ByteLink) => Promise<void>;
}

/** Registers a test. */
export type TlsCheck = (title: string, body: (scene: TlsScene) => Promise<void>) => void;

/** The server's identity in the tests, with changes. */
export function tlsIdentity(identity: Partial<TlsIdentity> = {}): TlsIdentity {
  return { ...testPki().server, clientCa: null, alpnProtocols: [], ...identity };
}

/** Runs a body, and closes what it opened. */
export async function withTlsScene(
  host: ContractHost,
  traits: ServeTlsTraits,
  body: (scene: TlsScene) => Promise<void>,
): Promise<void> {
  await using directory = await makeTempDirectory("serve-tls");
  const open: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const { net } = host;
  const address = parseIpAddress("127.0.0.1")!;
  const settings = { backlog: 16, ipv6Only: false, noDelay: true, keepAliveDelayMs: null };
  const listener = keep(await net.listenTcp(testGrant({ scheme: "listen" }), { address, port: 0 }, settings));
  const plain: TlsScene["plain"] = async () => {
    const accepted = listener.accept();
    const target = { address, port: listener.local.port };
    const client = keep(await net.connect(testGrant(), target, connectOptions()));
    return { client, server: keep(given(await accepted)) };
  };
  const serve: TlsScene["serve"] = async (link, identity, signal = new AbortController().signal) => {
    const served = await net.serveTls(testGrant(), link, { identity: tlsIdentity(identity), signal });
    keep(served.link);
    return served;
  };
  const secure: TlsScene["secure"] = async (link, terms) => {
    const result = await net.tls(testGrant(), link, tlsTerms(terms), { signal: new AbortController().signal });
    if (result.trusted) keep(result.link);
    return result;
  };
  const shake: TlsScene["shake"] = async (identity, terms) => {
    const { client, server } = await plain();
    const failed = (error: Error): Error => error;
    const [served, result] = await Promise.all([
      serve(server, identity).catch(failed),
      secure(client, terms).catch(failed),
    ]);
    return { served, result };
  };
  const met: TlsScene["met"] = async (identity, terms) => {
    const { served, result } = await shake(identity, terms);
    return { client: sessionOf(result), server: servedOf(served).link };
  };
  const visit: TlsScene["visit"] = async ({ identity, client, args, answer, service = greet }) => {
    const visiting = opensslClient({
      port: listener.local.port,
      directory: directory.path,
      ...(client === undefined ? {} : { identity: client }),
      args: args ?? [],
      ...(answer === undefined ? {} : { answer }),
    });
    const served = await serve(keep(given(await listener.accept())), identity).catch((error: Error) => error);
    if (!(served instanceof Error)) await service(served.link).catch(() => {}).finally(() => served.link.close());
    return { printed: await visiting, served };
  };
  try {
    await body({ host, traits, listener, directory: directory.path, plain, serve, secure, shake, met, visit });
  } finally {
    for (const thing of open.reverse()) thing.close();
  }
}

async function greet(link: ByteLink): Promise<void> {
  await link.write(utf8("served\n"));
  await link.closeWrite();
  await discard(link);
}

/** What was served; throws what went wrong. */
export function servedOf(served: TlsServed | Error): TlsServed {
  if (served instanceof Error) throw served;
  return served;
}

/** The client's link; throws what went wrong, or what was wrong with the certificate. */
export function sessionOf(result: TlsResult | Error): ByteLink {
  if (result instanceof Error) throw result;
  assert.ok(result.trusted, result.trusted ? "" : result.chainError);
  return result.link;
}

/** The code of an error; other text for anything else. */
export function codeOf(outcome: unknown): string {
  return isParleyError(outcome) ? outcome.code : `no error: ${outcome}`;
}
