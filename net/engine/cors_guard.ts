/**
 * The CORS guard (NET-12): a program gets no TCP connection to port 443 of a host that `fetch()` reaches, so that sockets
 * are no way around what such hosts let others read. The host is asked, after the approval, over a connection of the
 * engine's own to a vetted address, under the approved TLS name.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import type { Requester } from "../../permissions/requester.ts";
import type { ByteLink, TlsTerms } from "../port.ts";
import { PLAIN_TLS, tlsTerms } from "../tls_options.ts";
import { type CorsVerdict, CorsVerdicts } from "./cors_guard_verdicts.ts";
import type { EngineHost } from "./engine_host.ts";
import { approvedKey } from "./pins.ts";
import { askPreflight, type PreflightOutcome, preflightRequest } from "./http_preflight.ts";
import { secureLink } from "./tls_handshake.ts";

/** Milliseconds for connection, handshake and answer together. */
export const PREFLIGHT_TIMEOUT_MS: number = 5_000;
/** The code of a refusal by the guard. */
export const FETCH_REFUSAL: ErrorCode = "PERM_FETCH";

const { hasOwn } = Object;
const GUARDED_PORT = 443;
const WEB_ORIGIN = /^https:\/\/[\x21-\x7e]+$/;

/** How the guard reaches the host. */
export interface GuardTerms {
  /** The program's own TLS terms, or null where it has none. */
  readonly tls: TlsTerms | null;
  /** The operator's keys of far ends, or null. Nobody is asked about one here. */
  readonly keys: PeerKeys | null;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Fires when there must be a verdict (NET-17), or null. */
  readonly judging: AbortSignal | null;
  /** Connects the way that the program will be connected. */
  connect(signal: AbortSignal): Promise<ByteLink>;
}

/** The engine's verdicts; a host that nobody holds takes them along. */
const verdicts = new WeakMap<EngineHost, CorsVerdicts>();

/**
 * Whether the guard stands before a destination: TCP to port 443, whatever is said there, but for the operator's own
 * commands and for what a rule exempts.
 *
 * @param grant The approval.
 */
export function isGuarded(grant: Grant): boolean {
  return isGuardedPort(grant) && grant.requester.role !== "command" && !grant.terms.skipCors;
}

/** Whether the guard would stand there for a program without such a rule. */
export function isGuardedPort({ descriptor, destination }: Grant): boolean {
  return descriptor.name === "direct-sockets" && descriptor.transport === "tcp" && destination.port === GUARDED_PORT;
}

/**
 * Lets an approved connection pass, or refuses it. Asks the host unless it was asked lately.
 *
 * @param host Network and time.
 * @param grant The approval, which has been spent. It covers the address that is connected to.
 * @param terms How to reach the host.
 * @throws {ParleyError} {@linkcode FETCH_REFUSAL} for a host that supports CORS or does not say that it does not; what
 * connecting fails with; the reason of the signal.
 */
export async function passCorsGuard(host: EngineHost, grant: Grant, terms: GuardTerms): Promise<void> {
  if (!isGuarded(grant)) return;
  const known = verdictsOf(host);
  const key = keyOf(grant, terms.tls);
  let verdict = known.find(key);
  if (verdict === null) {
    verdict = await askHost(host, grant, terms);
    known.keep(key, verdict);
  }
  if (verdict.refusal === null) return;
  const where = `${grant.destination.host.text} port ${GUARDED_PORT}`;
  throw new ParleyError(FETCH_REFUSAL, `Cannot connect to ${where}: ${verdict.refusal}`, {
    detail: { guard: "cors", answered: verdict.isAnswer },
  });
}

async function askHost(host: EngineHost, grant: Grant, terms: GuardTerms): Promise<CorsVerdict> {
  const limit = new AbortController();
  const timer = host.clock.after(PREFLIGHT_TIMEOUT_MS, () => {
    limit.abort(new ParleyError("NET_TIMEOUT", `Cannot ask the host: no answer within ${PREFLIGHT_TIMEOUT_MS} ms`));
  });
  const ends = terms.judging === null ? [limit.signal] : [limit.signal, terms.judging];
  const signal = AbortSignal.any([terms.signal, ...ends]);
  let link: ByteLink | null = null;
  try {
    signal.throwIfAborted();
    link = await terms.connect(signal);
    return toVerdict(await askOver(host, grant, { link, terms, signal }));
  } catch (error) {
    if (terms.signal.aborted) throw abortError(terms.signal.reason);
    if (signal.aborted) return silence("it gave no answer in time");
    // Nobody there to be asked: the program is told what it would be told without the guard.
    if (link === null) throw error;
    return silence(isParleyError(error) ? error.message : String(error));
  } finally {
    timer.cancel();
  }
}

async function askOver(
  { net }: EngineHost,
  grant: Grant,
  { link, terms, signal }: { readonly link: ByteLink; readonly terms: GuardTerms; readonly signal: AbortSignal },
): Promise<PreflightOutcome> {
  const forget = onAbort(signal, () => link.reset());
  try {
    signal.throwIfAborted();
    const { keys } = terms;
    const tls = preflightTls(grant, terms.tls);
    const secured = await secureLink(net, grant, { link, terms: tls, signal, keys });
    const request = preflightRequest(tls.serverName, webOrigin(grant.requester));
    try {
      return await askPreflight(secured.link, request);
    } finally {
      secured.link.close();
    }
  } finally {
    forget();
    link.close();
  }
}

/** Checked as the program's own connection is; only what is spoken there differs, and that nobody can be asked in 5 s. */
function preflightTls(grant: Grant, own: TlsTerms | null): TlsTerms {
  const serverName = tlsName(grant);
  const terms = own ?? tlsTerms(PLAIN_TLS, serverName);
  const trust = hasOwn(terms, "trust") ? terms.trust : undefined;
  const unasked = trust?.certificate === "reported" ? { trust: { ...trust, certificate: "required" } as const } : {};
  return Object.freeze({ ...terms, ...unasked, serverName, alpnProtocols: ["http/1.1"] });
}

function tlsName({ tls, destination }: Grant): string {
  return tls === null || tls.serverName === "" ? destination.host.text : tls.serverName;
}

/** A local program has none, as on the web. */
function webOrigin({ kind, origin }: Requester): string | null {
  return kind === "remote" && WEB_ORIGIN.test(origin) ? origin : null;
}

function toVerdict(outcome: PreflightOutcome): CorsVerdict {
  if (outcome.kind === "none") return silence(outcome.reason);
  const refusal = outcome.supportsCors ? "the host can be reached with fetch(), which is to be used instead" : null;
  return Object.freeze({ refusal, isAnswer: true });
}

function silence(reason: string): CorsVerdict {
  return Object.freeze({
    refusal: `the host did not say over HTTPS that fetch() cannot reach it (${reason}); ` +
      'a rule with "fetchCheck": "skip" lets programs through',
    isAnswer: false,
  });
}

function verdictsOf(host: EngineHost): CorsVerdicts {
  let known = verdicts.get(host);
  if (known === undefined) verdicts.set(host, known = new CorsVerdicts(host.clock));
  return known;
}

/** Whoever is asked by other terms, or by another way, may be somebody else. None of the parts has a space in it. */
function keyOf(grant: Grant, own: TlsTerms | null): string {
  const { descriptor, destination, requester, tls } = grant;
  const via = descriptor.name === "direct-sockets" ? descriptor.via : null;
  const way = via === null ? "" : `${via.destination.host.text}:${via.destination.port},${via.remoteDns}`;
  const spki = own !== null && hasOwn(own, "trust") ? own.trust?.spkiSha256 ?? "" : "";
  const terms = `${tls?.caSha256 ?? ""},${tls?.clientCertSha256 ?? ""},${spki},${approvedKey(grant) ?? ""}`;
  return `${destination.host.text} ${destination.port} ${tlsName(grant)} ${webOrigin(requester)} ${terms} ${way}`;
}
