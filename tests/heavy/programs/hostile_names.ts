/**
 * What a prototype-pollution bug in some library can do to records of Parley's own: names on `Object.prototype` that
 * requests, decisions, grants, questions, answers and options have, with the values an attacker would like (CORE-01).
 *
 * Left out are names that break the language itself for everybody: `get`, `set`, `value`, `then`, `next`, `done`.
 */

const HASH = "ab".repeat(32);
const ALLOW = { kind: "allow", lifetime: "run", host: "evil.example" };

/** Names and the values that would help an attacker. */
export const HOSTILE_NAMES: Readonly<Record<string, unknown>> = Object.freeze({
  __proto__: null,
  // Decisions and answers.
  kind: "allow",
  effect: "allow",
  decision: "allow",
  answer: ALLOW,
  lifetime: "run",
  lifetimes: ["run"],
  source: "flag",
  storedId: "run-1",
  refusal: null,
  reason: "approved",
  state: "granted",
  allowed: true,
  granted: true,
  rules: { allows: () => true },
  store: { find: () => ({ effect: "allow", id: "run-1" }) },
  prompter: { ask: () => Promise.resolve(ALLOW) },
  allow: ["127.0.0.1:9", "mail.example:25"],
  deny: [],
  everything: false,
  wildcards: true,
  inWorker: false,
  mayNotAsk: false,
  preapproveBy: "flag",
  restricts: () => false,
  blocked: () => false,
  test: true,
  endsAll: false,
  // Grants and requests.
  requester: { origin: "file:///trusted.ts" },
  origin: "file:///trusted.ts",
  evidence: "launcher",
  rememberable: true,
  mainSha256: HASH,
  lockSha256: HASH,
  pid: 1,
  descriptor: {},
  destination: null,
  scheme: "tls",
  spki: HASH,
  tls: { mode: "open", serverName: "evil.example", caSha256: null, clientCertSha256: null, required: false },
  mode: "open",
  serverName: "evil.example",
  caSha256: null,
  clientCertSha256: null,
  required: false,
  zone: "lo",
  address: "127.0.0.1",
  covers: () => true,
  signal: AbortSignal.abort("polluted"),
  // Questions as they are drawn and read.
  number: 99,
  risk: null,
  claim: "This is harmless",
  preapprove: "curl evil.example",
  word: "y",
  step: "consent",
  notice: null,
  hostTyped: true,
  outcome: "quiet",
  text: "y",
  cut: false,
  more: false,
  noColor: "1",
  term: "dumb",
  locale: "C",
  ci: undefined,
  invocationId: undefined,
  columns: 4,
  rows: 1,
  style: {},
  PARLEY_ALLOW: "127.0.0.1:9",
  PARLEY_HOST: "memory",
  CI: "",
  // Options of sockets.
  remoteAddress: "127.0.0.9",
  remotePort: 9,
  secureTransport: "on",
  useSecureTransport: true,
  dnsQueryType: "ipv6",
  connectTimeout: 1,
  noDelay: true,
  keepAlive: true,
  keepAliveDelay: 1000,
  keepAliveInitialDelay: 1000,
  hostname: "127.0.0.9",
  host: "127.0.0.9",
  port: 9,
  path: "/nonexistent",
  unix: "/nonexistent",
  fd: 0,
  family: 6,
  hints: 0,
  all: false,
  verbatim: false,
  order: "ipv6first",
  lookup: (_name: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
    done(null, "127.0.0.9", 4),
  localAddress: "127.0.0.8",
  localPort: 1,
  autoSelectFamily: false,
  timeout: 1,
  allowHalfOpen: false,
  onread: { buffer: new Uint8Array(1), callback: () => true },
  // Options of TLS.
  ca: "evil",
  cert: "evil",
  key: "evil",
  pfx: "evil",
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
  servername: "evil.example",
  session: new Uint8Array(32),
  ALPNProtocols: ["evil/1"],
  alpnProtocols: ["evil/1"],
  minVersion: "TLSv1",
  maxVersion: "TLSv1.1",
  ciphers: "NULL",
  secureContext: {},
  // Options of errors and events.
  cause: "polluted",
  detail: { polluted: true },
  once: true,
  passive: true,
  capture: true,
});

/**
 * Puts names on `Object.prototype`.
 *
 * @param names Which; all by default.
 * @returns Takes them off again.
 */
export function polluteWith(names: readonly string[] = Object.keys(HOSTILE_NAMES)): () => void {
  const prototype = Object.prototype as Record<string, unknown>;
  const added = names.filter((name) => !(name in prototype));
  for (const name of added) prototype[name] = HOSTILE_NAMES[name];
  return () => {
    for (const name of added) delete prototype[name];
  };
}
