/**
 * What a prototype-pollution bug in some library can do: put names on `Object.prototype`. The values are those that would
 * help an attacker most wherever an option is read that was left out (CORE-01).
 *
 * Left out are names that break the language itself for everybody: `get`, `set`, `value`, `then`, `next`.
 */

/** What the attacker wants. */
export interface Pollution {
  /** The authority to be trusted, PEM. */
  readonly ca: string;
  /** The destination to be approved. */
  readonly destination: string;
  /** Puts only this name on the prototype, to find out which one does it. */
  readonly only?: string;
}

/** Every name, with the value that would serve the attacker. */
function names({ ca, destination }: Pollution): Readonly<Record<string, unknown>> {
  return {
    // Verification.
    ca,
    caCerts: [ca],
    cert: ca,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    servername: "mail.test",
    serverName: "mail.test",
    unsafelyDisableHostnameVerification: true,
    allowPartialTrustChain: true,
    requestCert: false,
    crl: "",
    pfx: "",
    passphrase: "polluted",
    secureContext: {},
    secureProtocol: "TLSv1_method",
    secureOptions: 0,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.2",
    minDHSize: 1,
    ciphers: "NULL",
    ecdhCurve: "secp521r1",
    sigalgs: "RSA+MD5",
    session: new Uint8Array(32),
    ticketKeys: new Uint8Array(48),
    sessionIdContext: "polluted",
    ALPNProtocols: ["evil/1"],
    alpnProtocols: ["evil/1"],
    pskCallback: () => null,
    SNICallback: () => {},
    ALPNCallback: () => "evil/1",
    enableTrace: true,
    tls: { ca },
    // Where to.
    lookup: (_name: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, "127.0.0.9", 4),
    localAddress: "127.0.0.8",
    localPort: 1,
    family: 6,
    hints: 0,
    all: false,
    unix: "/nonexistent",
    autoSelectFamily: false,
    remoteAddress: "127.0.0.9",
    proxy: "http://127.0.0.9:9",
    agent: {},
    // What was decided.
    secureTransport: "off",
    useSecureTransport: false,
    allow: [destination],
    flags: [destination],
    variable: destination,
    allowed: true,
    granted: true,
    grant: {},
    lifetime: "always",
    source: "prompt",
    trusted: true,
    authorized: true,
    authorizationError: null,
    resumed: false,
    required: false,
    covers: () => true,
    scheme: "tcp",
    wildcards: true,
    inWorker: false,
    test: true,
    PARLEY_ALLOW: destination,
    PARLEY_HOST: "memory",
    [destination]: { kind: "allow", lifetime: "always" },
    kind: "allow",
    mayNotAsk: false,
    remedy: "polluted",
    detail: { polluted: true },
    __polluted__: true,
  };
}

/**
 * Pollutes `Object.prototype`.
 *
 * @param pollution What with.
 * @returns Takes it all back.
 */
export function pollute(pollution: Pollution): () => void {
  const { only } = pollution;
  const added = Object.entries(names(pollution)).filter(([name]) => only === undefined || name === only);
  const prototype = Object.prototype as Record<string, unknown>;
  for (const [name, value] of added) prototype[name] = value;
  return () => {
    for (const [name] of added) delete prototype[name];
  };
}

/** The names alone. */
export const POLLUTED_NAMES: readonly string[] = Object.keys(names({ ca: "", destination: "localhost:1" }));
