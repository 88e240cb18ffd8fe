/**
 * CORE-01: connects and makes handshakes while one name after the other stands on `Object.prototype`, and prints what
 * each came to as JSON. A process of its own, so that the servers and the test runner are not poisoned with it.
 */
import process from "node:process";
import { parseIpAddress } from "../../../core/ip_address.ts";
import type { ByteLink, TlsResult, TlsTerms } from "../../../net/port.ts";
import { testGrant } from "../../support/test_grant.ts";
import { nativeBackend } from "../native_backend.ts";
import { readFileSync } from "node:fs";

/** What the program is told. */
export interface PollutionPlan {
  /** Port of a server with a good certificate, which knows the protocol `evil/1`. */
  readonly good: number;
  /** Port of a server whose certificate nobody signed. */
  readonly bad: number;
  /** The authority of the good one. */
  readonly ca: string;
  /** PEM certificates under which both would be trusted. */
  readonly authority: string;
  /** A client certificate that nobody should show. */
  readonly cert: string;
  /** Its key. */
  readonly key: string;
}

/** What came of one name. */
export interface PollutionOutcome {
  readonly name: string;
  /** Server bad, the right authority. */
  readonly stranger: string;
  /** Server good, built-in roots. */
  readonly unlisted: string;
  /** Server good, the right authority, another name. */
  readonly misnamed: string;
  /** Server good, everything right. */
  readonly right: string;
  /** A plain connection. */
  readonly connected: string;
}

const LIMIT_MS = 5_000;
const LOOPBACK = parseIpAddress("127.0.0.1")!;
const prototype = Object.prototype as unknown as Record<string, unknown>;
const plan: PollutionPlan = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const net = await nativeBackend();
const grant = testGrant();

/** Names, and what an attacker would set them to. */
function pollution({ authority, cert, key }: PollutionPlan): [name: string, value: unknown][] {
  const nothing = (): undefined => undefined;
  const lookup = (_host: string, _options: unknown, done: (e: null, a: string, f: number) => void): void =>
    done(null, "127.0.0.9", 4);
  const values: Record<string, unknown> = {
    ca: authority,
    caCerts: [authority],
    cert: cert,
    key: key,
    pfx: "x",
    passphrase: "x",
    crl: "x",
    rejectUnauthorized: false,
    requestCert: false,
    checkServerIdentity: nothing,
    servername: "mail.test",
    serverName: "mail.test",
    session: new Uint8Array(8),
    secureContext: {},
    secureProtocol: "TLSv1_method",
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "NULL",
    sigalgs: "x",
    ecdhCurve: "x",
    dhparam: "x",
    secureOptions: 0,
    honorCipherOrder: true,
    allowPartialTrustChain: true,
    ALPNProtocols: ["evil/1"],
    alpnProtocols: ["evil/1"],
    ALPNCallback: nothing,
    SNICallback: nothing,
    pskCallback: nothing,
    pskIdentityHint: "x",
    ticketKeys: "x",
    sessionTimeout: 1,
    sessionIdContext: "x",
    requestOCSP: true,
    enableTrace: false,
    isServer: true,
    server: {},
    minDHSize: 1,
    privateKeyEngine: "x",
    privateKeyIdentifier: "x",
    clientCertEngine: "x",
    unsafelyDisableHostnameVerification: true,
    tls: { rejectUnauthorized: false },
    authorized: true,
    authorizationError: null,
    lookup,
    host: "127.0.0.9",
    hostname: "127.0.0.9",
    port: 9,
    path: "/nonexistent.sock",
    unix: "/nonexistent.sock",
    family: 6,
    localAddress: "127.0.0.8",
    localPort: 1,
    hints: 1,
    all: false,
    order: "x",
    verbatim: false,
    fd: 0,
    handle: {},
    onread: {},
    highWaterMark: 1,
    objectMode: false,
    encoding: "utf8",
    timeout: 1,
    transport: "unix",
    autoSelectFamily: true,
    blockList: {},
    proxyEnv: { HTTP_PROXY: "http://127.0.0.9:9" },
    trusted: true,
    resumed: false,
    wildcards: true,
    subject: "always",
  };
  return Object.entries(values);
}

/** What escapes as an uncaught error: the runtime stumbled over the name inside a callback. */
let stumbled: (error: Error) => void = () => {};
process.on("uncaughtException", (error) => stumbled(error));

/** Runs a call while a name stands on Object.prototype. Failing or hanging is no harm: nothing was trusted. */
async function polluted<T>([name, value]: [string, unknown], call: () => Promise<T>): Promise<T | "failed"> {
  const limit = Promise.withResolvers<"failed">();
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

function dial(port: number): Promise<ByteLink> {
  const { signal } = new AbortController();
  return net.connect(grant, { address: LOOPBACK, port }, { signal, noDelay: true, keepAliveDelayMs: null });
}

async function handshake(entry: [string, unknown], port: number, terms: Partial<TlsTerms>): Promise<string> {
  const link = await dial(port);
  const { signal } = new AbortController();
  const all: TlsTerms = { serverName: "mail.test", ca: [plan.ca], alpnProtocols: [], cert: null, key: null, ...terms };
  const result = await polluted(entry, () => net.tls(grant, link, all, { signal }));
  link.close();
  return verdict(result);
}

function verdict(result: TlsResult | "failed"): string {
  if (result === "failed") return result;
  if (!result.trusted) return result.reason;
  result.link.close();
  return result.resumed ? "resumed" : `trusted ${result.alpnProtocol ?? "none"}`;
}

async function connection(entry: [string, unknown]): Promise<string> {
  const link = await polluted(entry, () => dial(plan.good));
  if (link === "failed") return link;
  link.close();
  return `${link.local.address} to ${link.remote.address} ${link.remote.port === plan.good}`;
}

const outcomes: PollutionOutcome[] = [];
for (const entry of [...pollution(plan), ["", undefined] as [string, unknown]]) {
  outcomes.push({
    name: entry[0],
    stranger: await handshake(entry, plan.bad, {}),
    unlisted: await handshake(entry, plan.good, { ca: null }),
    misnamed: await handshake(entry, plan.good, { serverName: "other.test" }),
    right: await handshake(entry, plan.good, {}),
    connected: await connection(entry),
  });
}
console.log(JSON.stringify(outcomes));
process.exit(0);
