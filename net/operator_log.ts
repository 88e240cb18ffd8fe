/** The lines that tell the operator what became of a request: NET-08's resolved address, NET-17's full reason. */
import { formatDestination } from "../core/destination.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import type { Grant } from "../permissions/grant.ts";
import type { NetContext } from "./context.ts";
import type { TcpConnection } from "./engine/tcp_connection.ts";

const SOURCES: Readonly<Record<Grant["source"], string>> = Object.freeze({
  __proto__: null as never,
  prompt: "as approved",
  flag: "pre-approved",
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

/** Reports a failure after approval in full; the script is told less. */
export function reportFailure(context: NetContext, grant: Grant, error: unknown): void {
  const reason = error instanceof ParleyError ? `${error.message} [${error.code}]` : String(error);
  context.report(`parley: no connection to ${escapeText(formatDestination(grant.destination))}: ${escapeText(reason)}`);
}

function checked(by: "runtime-roots" | "own-ca"): string {
  return by === "runtime-roots" ? "verified" : "checked by the program's own CA";
}
