/**
 * The server's side of a TLS handshake over any byte link, by `node:tls`, the same on all three runtimes.
 *
 * It goes through a `tls.Server` that never listens: on Node and Deno a bare `TLSSocket` verifies no client. The verdict on a
 * client's certificate is the TLS stack's; what is checked here is that there was one. Deno gives out session tickets
 * whatever it is told, and takes them from clients that it turned away before, so a resumed session is refused (NET-23).
 */
import { constants, randomBytes } from "node:crypto";
import { setImmediate } from "node:timers";
import tls, { type TLSSocket } from "node:tls";
import { abortError, onAbort } from "../../core/abort.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import type { ByteLink } from "../../net/port.ts";
import type { TlsIdentity, TlsServed } from "../../net/server_port.ts";
import { nativeCode } from "./errors.ts";
import { possessionIsProven } from "./tls_chain_check.ts";
import { certificateChain } from "./peer_certificate.ts";
import { secureContextFor } from "./tls_context.ts";
import { hardenEvents, TlsCarrier } from "./tls_link.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const createServer = tls.createServer;
const { defineProperty, hasOwn } = Object;

/** The runtime's compiled-in list, whatever its command line or NODE_OPTIONS made of the default. */
const CIPHERS: string | undefined = constants.defaultCoreCipherList;

const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | (constants.SSL_OP_NO_RENEGOTIATION ?? 0);

/** The longest that a timer takes: the runtimes' own limit on a handshake is none of ours, the signal is. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

const TICKET_KEY_BYTES = 48;

/** What the runtimes look for on the server itself, and keep there only if it was given. */
const READ_FROM_SERVER = ["ALPNProtocols", "ALPNCallback", "SNICallback", "_SNICallback", "pauseOnConnect"];
const ABSENT: PropertyDescriptor = { __proto__: null, value: undefined, writable: true } as PropertyDescriptor;

const NO_COMMON_PROTOCOL = "ERR_SSL_NO_APPLICATION_PROTOCOL";

/** The alert `no_application_protocol` as a record in plain, as before a ServerHello. */
const NO_COMMON_PROTOCOL_ALERT = new Uint8Array([21, 3, 3, 0, 2, 2, 120]);

/** Identities that have been found usable; checking one takes milliseconds. */
const usable = new WeakSet<TlsIdentity>();

/** How to serve. */
export interface ServeTlsOptions {
  /** Who the server is, and whom it asks. */
  readonly identity: TlsIdentity;
  /** Ends the attempt and closes the link below. */
  readonly signal: AbortSignal;
  /** Turns the runtime's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
}

/**
 * Makes a handshake as the server.
 *
 * @param link The link below. It is closed when the handshake fails, and with the returned link.
 * @param options Who, and until when.
 * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or what the link below failed with.
 */
export async function serveTls(link: ByteLink, options: ServeTlsOptions): Promise<TlsServed> {
  const { identity, signal } = options;
  let carrier: TlsCarrier | null = null;
  try {
    if (signal.aborted) throw abortError(signal.reason);
    checkIdentity(identity);
    carrier = new TlsCarrier(link);
    return served(await shaken(link, carrier, options), carrier, options);
  } catch (error) {
    carrier?.duplex.destroy();
    link.close();
    throw isParleyError(error) ? error : handshakeFailed(nativeCode(error), error);
  }
}

/** Resolves when the handshake is over and the TLS stack is content. */
function shaken(link: ByteLink, carrier: TlsCarrier, { identity, signal }: ServeTlsOptions): Promise<TLSSocket> {
  const { duplex } = carrier;
  const server = makeServer(identity);
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(abortError(signal.reason)));
    const failed = (error?: unknown): void => {
      forget();
      reject(error);
    };
    const over = (): void => failed(duplex.errored);
    server.on("secureConnection", (socket) => {
      forget();
      carrier.adopt(socket);
      resolve(socket);
    });
    server.on("tlsClientError", (error, socket) => {
      const verdict = socket?.authorizationError;
      const failure = verdict ? handshakeFailed(String(verdict), error) : error;
      if (nativeCode(error) !== NO_COMMON_PROTOCOL || carrier.written) return failed(failure);
      // Deno ends the connection without the alert that says why. The stream below is on its way down already.
      duplex.off("close", over);
      const fail = (): void => failed(failure);
      Promise.resolve(link.write(NO_COMMON_PROTOCOL_ALERT)).then(fail, fail);
    });
    duplex.on("close", over);
    // Some of the stacks wait on. What came before the end may still complete the handshake, within this turn.
    duplex.on("end", () => setImmediate(over));
    server.emit("connection", duplex);
  });
}

/** Looks at what the handshake came to; throws when something is not as it must be. */
function served(socket: TLSSocket, carrier: TlsCarrier, { identity, translate }: ServeTlsOptions): TlsServed {
  const asked = identity.clientCa !== null;
  const leaf = asked ? socket.getPeerCertificate(true) : null;
  const chain = leaf === null ? [] : certificateChain(leaf);
  if (socket.isSessionReused()) throw refused("the client resumed an earlier session");
  if (asked && (!socket.authorized || chain.length === 0)) throw refused("the client's certificate was not verified");
  if (asked && !possessionIsProven(leaf)) throw refused("the client's key was not proven");
  const { servername } = socket as TLSSocket & { readonly servername?: unknown };
  return {
    link: carrier.linkOver(socket, translate),
    serverName: typeof servername === "string" && servername !== "" ? servername : null,
    alpnProtocol: socket.alpnProtocol || null,
    protocol: socket.getProtocol() ?? "",
    chain,
  };
}

/** A server for one handshake. Its context is its own, so that there is no cache of sessions to resume one from. */
function makeServer(identity: TlsIdentity): tls.Server {
  try {
    const server = createServer(serverOptions(identity));
    hardenEvents(server);
    for (const name of READ_FROM_SERVER) if (!hasOwn(server, name)) defineProperty(server, name, ABSENT);
    return server;
  } catch (cause) {
    throw new ParleyError("TLS_OPTIONS", "Cannot serve TLS: the TLS library does not take the options", { cause });
  }
}

/**
 * Two of the three runtimes accept garbage as an authority without a word, hence a check of our own.
 *
 * @throws {ParleyError} `TLS_OPTIONS`.
 */
function checkIdentity(identity: TlsIdentity): void {
  if (usable.has(identity)) return;
  const { cert, key, clientCa } = identity;
  secureContextFor({ serverName: "", ca: clientCa ?? [], alpnProtocols: [], cert, key }, []);
  usable.add(identity);
}

/** Own properties all, so that nothing on Object.prototype is read for an option left out (CORE-01). */
function serverOptions({ cert, key, clientCa, alpnProtocols }: TlsIdentity): tls.TlsOptions {
  const options: Record<string, unknown> = {
    cert,
    key,
    ca: clientCa === null ? [] : [...clientCa],
    requestCert: clientCa !== null,
    rejectUnauthorized: true,
    ALPNProtocols: alpnProtocols.length === 0 ? undefined : [...alpnProtocols],
    ALPNCallback: undefined,
    SNICallback: undefined,
    handshakeTimeout: NO_TIMEOUT_MS,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    secureOptions: SECURE_OPTIONS,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    allowHalfOpen: true,
    pauseOnConnect: false,
    noDelay: undefined,
    keepAlive: undefined,
    keepAliveInitialDelay: undefined,
    highWaterMark: undefined,
    blockList: undefined,
    captureRejections: undefined,
    isServer: undefined,
    server: undefined,
    secureContext: undefined,
    session: undefined,
    sessionTimeout: undefined,
    sessionIdContext: undefined,
    // Without, Node looks for them on the server.
    ticketKeys: randomBytes(TICKET_KEY_BYTES),
    pskCallback: undefined,
    pskIdentityHint: undefined,
    requestOCSP: undefined,
    enableTrace: undefined,
    checkServerIdentity: undefined,
    servername: undefined,
    serverName: undefined,
    pfx: undefined,
    passphrase: undefined,
    crl: undefined,
    ecdhCurve: undefined,
    sigalgs: undefined,
    dhparam: undefined,
    secureProtocol: undefined,
    privateKeyIdentifier: undefined,
    privateKeyEngine: undefined,
    clientCertEngine: undefined,
    allowPartialTrustChain: false,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    dhParamsFile: undefined,
    lowMemoryMode: undefined,
    clientRenegotiationLimit: undefined,
    clientRenegotiationWindow: undefined,
  };
  return options;
}

function refused(state: string): ParleyError {
  return new ParleyError("TLS_HANDSHAKE", `Cannot serve TLS: ${state}`);
}

function handshakeFailed(code: string, cause: unknown): ParleyError {
  const state = code === "" ? "the other side ended the connection" : `the handshake failed (${code})`;
  return new ParleyError("TLS_HANDSHAKE", `Cannot serve TLS: ${state}`, { cause });
}
