/**
 * CORE-01: serves TLS and listens while one name after the other stands on `Object.prototype`, and prints what each came to as
 * JSON. The clients are another process, so that they are not poisoned with it: for each name one client of each kind connects.
 */
import { lstatSync, readFileSync } from "node:fs";
import process from "node:process";
import { parseIpAddress } from "../../../core/ip_address.ts";
import type { TlsIdentity } from "../../../net/server_port.ts";
import { testGrant } from "../../support/test_grant.ts";
import type { TestIdentity } from "../../support/test_pki.ts";
import { nativeBackend } from "../native_backend.ts";

/** What the program is told. */
export interface ServerPollutionPlan {
  /** The server's identity. */
  readonly server: TestIdentity;
  /** The authority of its clients. */
  readonly ca: string;
  /** An identity that the authority did not sign. */
  readonly stranger: TestIdentity;
  /** A path to listen on. */
  readonly path: string;
}

/** The clients that come for each name, in this order. */
export type PollutionClient = "stranger" | "anonymous" | "right" | "plain";

/** What came of one name. */
export type ServerPollution = Readonly<Record<PollutionClient | "name" | "listened" | "path", string>>;

const LIMIT_MS = 3_000;
const plan: ServerPollutionPlan = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const prototype = Object.prototype as unknown as Record<string, unknown>;
const net = await nativeBackend();
const grant = testGrant();
const address = parseIpAddress("127.0.0.1")!;
const settings = { backlog: 8, ipv6Only: false, noDelay: true, keepAliveDelayMs: null };
const door = await net.listenTcp(grant, { address, port: 0 }, settings);

/** Names, and what an attacker would set them to. */
function pollution({ ca, stranger }: ServerPollutionPlan): [name: string, value: unknown][] {
  const nothing = (): undefined => undefined;
  const authority = `${ca}\n${stranger.cert}`;
  const values: Record<string, unknown> = {
    ca: authority,
    caCerts: [authority],
    clientCa: null,
    cert: stranger.cert,
    key: stranger.key,
    pfx: "x",
    passphrase: "x",
    crl: "x",
    rejectUnauthorized: false,
    requestCert: false,
    authorized: true,
    authorizationError: null,
    checkServerIdentity: nothing,
    servername: "evil.test",
    serverName: "evil.test",
    session: new Uint8Array(8),
    newSession: nothing,
    resumeSession: nothing,
    OCSPRequest: nothing,
    keylog: nothing,
    secureConnection: nothing,
    tlsClientError: nothing,
    secureContext: {},
    secureProtocol: "TLSv1_method",
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "NULL",
    sigalgs: "x",
    ecdhCurve: "x",
    dhparam: "x",
    secureOptions: 0,
    honorCipherOrder: false,
    allowPartialTrustChain: true,
    ALPNProtocols: ["evil/1"],
    alpnProtocols: ["evil/1"],
    ALPNCallback: () => "evil/1",
    SNICallback: nothing,
    pskCallback: nothing,
    pskIdentityHint: "x",
    ticketKeys: "x",
    sessionTimeout: 1,
    sessionIdContext: "x",
    handshakeTimeout: 1,
    requestOCSP: true,
    isServer: false,
    server: {},
    privateKeyEngine: "x",
    privateKeyIdentifier: "x",
    clientCertEngine: "x",
    certFile: "/nonexistent",
    keyFile: "/nonexistent",
    caFile: "/nonexistent",
    lowMemoryMode: true,
    tls: { rejectUnauthorized: false },
    host: "0.0.0.0",
    hostname: "0.0.0.0",
    port: 9,
    path: "/nonexistent.sock",
    unix: "/nonexistent.sock",
    ipv6Only: true,
    reusePort: true,
    exclusive: false,
    backlog: 1,
    tcpBacklog: 1,
    readableAll: true,
    writableAll: true,
    fd: 0,
    handle: {},
    _handle: {},
    onread: {},
    mode: 0o777,
    bigint: false,
    throwIfNoEntry: false,
    recursive: true,
    pauseOnConnect: true,
    allowHalfOpen: false,
    highWaterMark: 1,
    signal: AbortSignal.abort(),
    transport: "unix",
    noDelay: false,
    keepAlive: true,
  };
  return Object.entries(values);
}

/** What escapes as an uncaught error: the runtime stumbled over the name inside a callback. */
let stumbled: () => void = () => {};
process.on("uncaughtException", () => stumbled());

/** Runs a call while a name stands on Object.prototype. Failing or hanging is no harm: nobody was let in. */
async function polluted([name, value]: [string, unknown], call: () => Promise<string>): Promise<string> {
  const limit = Promise.withResolvers<string>();
  const timer = setTimeout(() => limit.resolve("failed"), LIMIT_MS);
  stumbled = () => limit.resolve("failed");
  if (name !== "") {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true, enumerable: true });
  }
  try {
    return await Promise.race([call(), limit.promise]);
  } catch {
    return "failed";
  } finally {
    delete prototype[name];
    clearTimeout(timer);
  }
}

async function handshake(entry: [string, unknown], clientCa: readonly string[] | null): Promise<string> {
  const link = await door.accept();
  if (link === null) return "closed";
  const identity: TlsIdentity = { ...plan.server, clientCa, alpnProtocols: [] };
  const { signal } = new AbortController();
  const outcome = await polluted(entry, async () => {
    const { serverName, alpnProtocol, protocol, chain } = await net.serveTls(grant, link, { identity, signal });
    return [serverName, alpnProtocol, protocol, chain[0]?.subject ?? "nobody"].join(" ");
  });
  link.close();
  return outcome;
}

async function listening(): Promise<string> {
  const listener = await net.listenTcp(grant, { address, port: 0 }, settings);
  listener.close();
  return `${listener.local.address} ${listener.local.port > 9}`;
}

async function listeningOnPath(): Promise<string> {
  const listener = await net.listenPath(grant, plan.path, { backlog: 1 });
  const made = lstatSync(plan.path);
  listener.close();
  return `${listener.local.address === plan.path} ${made.isSocket()} ${(made.mode & 0o777).toString(8)}`;
}

console.log(`PORT ${door.local.port}`);
const outcomes: ServerPollution[] = [];
for (const entry of [...pollution(plan), ["", undefined] as [string, unknown]]) {
  outcomes.push({
    name: entry[0],
    stranger: await handshake(entry, [plan.ca]),
    anonymous: await handshake(entry, [plan.ca]),
    right: await handshake(entry, [plan.ca]),
    plain: await handshake(entry, null),
    listened: await polluted(entry, listening),
    path: await polluted(entry, listeningOnPath),
  });
}
console.log(`DONE ${JSON.stringify(outcomes)}`);
process.exit(0);
