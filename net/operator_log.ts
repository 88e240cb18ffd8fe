/** The lines that tell the operator what became of a request: NET-08's resolved address, NET-17's full reason. */
import { type Destination, formatDestination } from "../core/destination.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import { formatHostPort } from "../core/ip_address.ts";
import type { Grant } from "../permissions/grant.ts";
import type { NetContext } from "./context.ts";
import type { ServerTrouble } from "./engine/server/server_trouble.ts";
import type { TcpServer } from "./engine/server/tcp_server.ts";
import type { TcpConnection } from "./engine/tcp_connection.ts";
import type { BoundUdp } from "./engine/udp/bound_udp.ts";
import type { TlsInfo } from "./engine/tls_handshake.ts";
import { limitedReport } from "./limited_report.ts";
import type { SocketAddress } from "./port.ts";

const SOURCES: Readonly<Record<Grant["source"], string>> = Object.freeze({
  __proto__: null as never,
  prompt: "as approved",
  managed: "by the managed policy",
  flag: "pre-approved",
  operator: "by your policy file",
  stored: "remembered",
  "audit-only": "NOT ENFORCED, the policy only watches",
  run: "approved for this run",
  test: "on the test host",
});

/** Reports an opened connection, with the address that the name led to. */
export function reportOpened(context: NetContext, connection: TcpConnection): void {
  const { grant, remote, tls } = connection;
  const encryption = tls === null
    ? "NOT ENCRYPTED"
    : `${tls.protocol}, certificate for ${tls.serverName} ${checked(tls.checkedBy)}`;
  context.report(
    `parley: connected to ${escapeText(formatDestination(grant.destination))} (${remote.address}), ` +
      `${escapeText(encryption)}, ${SOURCES[grant.source]}`,
  );
}

/** Reports an upgrade to TLS: what was called not encrypted on opening is encrypted from now on. */
export function reportUpgraded(context: NetContext, { grant, tls }: TcpConnection): void {
  if (tls === null) return;
  // The name goes without saying unless it is another than the host's; the line fits a terminal then.
  const name = tls.serverName === grant.destination.host.text ? "" : `certificate for ${tls.serverName} `;
  const terms = `${tls.protocol}, ${name}${checked(tls.checkedBy)}`;
  const { requester, descriptor } = grant;
  context.broker.note({ event: "upgraded", requester, descriptor, address: null, detail: terms });
  context.report(`parley: upgraded ${shown(grant)}: ${escapeText(terms)}`);
}

/** Reports a failure after approval in full; the script is told less. */
export function reportFailure(context: NetContext, grant: Grant, error: unknown): void {
  noteFailure(context, grant, error);
  context.report(`parley: no connection to ${shown(grant)}: ${escapeText(reasonOf(error))}`);
}

/** Lines about one server in a minute that strangers can cause. */
const TROUBLES_PER_MINUTE = 10;

/** Reports a server, with the port that the system picked. */
export function reportListening(
  context: NetContext,
  server: TcpServer,
  how: { readonly tls: object | null; readonly tlsRequired: boolean },
): void {
  const { grant, local } = server;
  const encryption = how.tls !== null ? "TLS" : how.tlsRequired ? "NOT ENCRYPTED until the upgrade" : "NOT ENCRYPTED";
  const where = escapeText(formatHostPort(local.address, local.port));
  context.report(`parley: listening at ${where}, ${encryption}, ${SOURCES[grant.source]}`);
}

/** Reports in full why there is no server after approval. */
export function reportNoServer(context: NetContext, grant: Grant, error: unknown): void {
  noteFailure(context, grant, error);
  context.report(`parley: no server at ${shown(grant)}: ${escapeText(reasonOf(error))}`);
}

/** The log has the reason in full, whatever the program is told. */
function noteFailure({ broker }: NetContext, { requester, descriptor }: Grant, error: unknown): void {
  broker.note({ event: "failed", requester, descriptor, address: null, detail: reasonOf(error) });
}

/**
 * Makes what tells the operator of connections that never reached the program, a few times a minute.
 *
 * @param context Where lines go.
 * @param where Where the server listens.
 */
export function troubleReport(context: NetContext, where: SocketAddress): (trouble: ServerTrouble) => void {
  const at = `parley: at ${escapeText(formatHostPort(where.address, where.port))}`;
  const report = limitedReport((line) => context.report(line), {
    clock: context.engine.clock,
    perMinute: TROUBLES_PER_MINUTE,
    leftOut: (count) => `${at}: ${count} more lines like these were left out`,
  });
  return (trouble) => report(`${at}: ${escapeText(troubleText(trouble))}`);
}

/** Lines about failed destinations of one datagram socket in a minute: a program may try as often as it likes. */
const FAILURES_PER_MINUTE = 10;

/** Reports that datagrams may go to a destination, with the address that its name led to. */
export function reportUdpDestination(context: NetContext, grant: Grant, address: string): void {
  const where = `${shown(grant)} (${escapeText(address)})`;
  context.report(`parley: exchanging datagrams with ${where}, NOT ENCRYPTED, ${SOURCES[grant.source]}`);
}

/** Reports a bound datagram socket, with the port that the system picked. */
export function reportUdpBound(context: NetContext, { grant, local }: BoundUdp): void {
  const where = escapeText(formatHostPort(local.address, local.port));
  const peers = grant.descriptor.name === "udp-peers" ? ", and sending to any public peer" : "";
  context.report(`parley: receiving datagrams at ${where}${peers}, NOT ENCRYPTED, ${SOURCES[grant.source]}`);
}

/** Reports in full why there is no datagram socket after approval. */
export function reportNoUdp(context: NetContext, destination: Destination, error: unknown): void {
  const where = escapeText(formatDestination(destination));
  context.report(`parley: no datagrams for ${where}: ${escapeText(reasonOf(error))}`);
}

/** Makes what tells the operator of approved destinations that a datagram socket cannot send to, a few times a minute. */
export function udpFailureReport(context: NetContext): (grant: Grant, error: unknown) => void {
  const report = limitedReport((line) => context.report(line), {
    clock: context.engine.clock,
    perMinute: FAILURES_PER_MINUTE,
    leftOut: (count) => `parley: ${count} more lines like these were left out`,
  });
  return ({ destination }, error) => reportNoUdp({ ...context, report }, destination, error);
}

function troubleText(trouble: ServerTrouble): string {
  if (trouble.kind === "accept") return `no connection could be accepted: ${reasonOf(trouble.error)}`;
  const from = formatHostPort(trouble.remote.address, trouble.remote.port);
  switch (trouble.kind) {
    case "handshake":
      return `no TLS with ${from}: ${reasonOf(trouble.error)}`;
    case "source-limit":
      return `turned away ${from}: its source has as many connections as it may have`;
    case "not-allowed":
      return `turned away ${from}: its address is none of those that may connect`;
  }
}

function shown(grant: Grant): string {
  return escapeText(formatDestination(grant.destination));
}

function reasonOf(error: unknown): string {
  return error instanceof ParleyError ? `${error.message} [${error.code}]` : String(error);
}

function checked(by: TlsInfo["checkedBy"]): string {
  switch (by) {
    case "runtime-roots":
      return "verified";
    case "own-ca":
      return "checked by the program's own CA";
    case "pinned-key":
      return "NOT verified, known by its key";
    case "not-checked":
      return "not checked";
  }
}
