/**
 * Certificates in memory: one line of text, framed as PEM is. It stands for what a certificate proves, so that TLS in memory
 * can fail where the real one does.
 */
import { ParleyError } from "../../core/errors.ts";

/** What a certificate says. */
export interface MemoryCertificate {
  /** Names it is for. */
  readonly names: readonly string[];
  /** The PEM text or the name of the authority that signed it; empty for none. */
  readonly authority: string;
  /** Whether it has expired. */
  readonly expired: boolean;
}

const LINE = /^memory:(.*)$/m;

/**
 * Writes a certificate for the network in memory, to be given where PEM text of one is wanted: as `cert` of a server or a
 * client, whose `key` is then any PEM text of a key, and as `ca` or `clientCa` for an authority of the test's own. An
 * authority signs by its name; `"public"` is one that the runtime trusts.
 *
 * @param identity What it says. Neither names nor authority may have a comma, a semicolon or a line break in them.
 * @param identity.names Names it is for.
 * @param identity.authority The name of the authority that signed it.
 * @param identity.expired Whether it has expired. Default false.
 * @returns The text, with a line such as `memory:names=mail.example,localhost;authority=public` in it.
 * @throws {TypeError} For a name or authority that cannot be written.
 *
 * @example A server that asks its clients for a certificate
 * ```ts
 * import { openTCPServer, openTCPSocket } from "@parley/parley";
 * import { memoryCertificate } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const key = "-----BEGIN PRIVATE KEY-----\nany\n-----END PRIVATE KEY-----";
 * const ca = memoryCertificate({ names: ["lab"], authority: "lab" });
 * const cert = memoryCertificate({ names: ["127.0.0.1"], authority: "lab" });
 * await using server = await openTCPServer({ secureTransport: "on", tls: { cert, key, clientCa: ca } });
 *
 * const { localAddress, localPort } = server;
 * const here = { remoteAddress: localAddress, remotePort: localPort, secureTransport: "on" } as const;
 * const mine = memoryCertificate({ names: ["sensor-7"], authority: "lab" });
 * const connecting = openTCPSocket({ ...here, tls: { ca, cert: mine, key } });
 * for await (const socket of server) {
 *   assert.equal(socket.tlsInfo?.chain[0]?.subject, "CN=sensor-7");
 *   break;
 * }
 * await (await connecting).close();
 * ```
 */
export function memoryCertificate(
  identity: {
    readonly names: readonly string[];
    readonly authority: string;
    readonly expired?: boolean;
  },
): string {
  const { names, authority, expired = false } = identity;
  for (const part of [...names, authority]) {
    if (/[,;\r\n]/.test(part)) throw new TypeError(`Cannot write a certificate: "${part}" has a separator in it`);
  }
  const line = `memory:names=${names.join(",")};authority=${authority}${expired ? ";expired=true" : ""}`;
  return `-----BEGIN CERTIFICATE-----\n${line}\n-----END CERTIFICATE-----\n`;
}

/**
 * Reads a certificate.
 *
 * @param text What {@linkcode memoryCertificate} gives, or its one line.
 * @returns What it says. Without an authority nobody signed it.
 * @throws {ParleyError} `TLS_OPTIONS` for any other text.
 */
export function readMemoryCertificate(text: string): MemoryCertificate {
  const certificate = parseCertificate(text);
  if (certificate !== null) return certificate;
  throw new ParleyError("TLS_OPTIONS", "Cannot use TLS option cert: in memory, certificates begin with memory:");
}

/**
 * Whether one of these authorities signed a certificate.
 *
 * @param certificate The certificate.
 * @param authorities Each the text that the certificate gives as its authority, or a certificate in memory for that name.
 */
export function isSignedBy({ authority }: MemoryCertificate, authorities: readonly string[]): boolean {
  if (authority === "") return false;
  return authorities.some((text) => text === authority || parseCertificate(text)?.names.includes(authority) === true);
}

/** Null for text that is no certificate in memory. */
export function parseCertificate(text: string): MemoryCertificate | null {
  const line = LINE.exec(text)?.[1];
  if (line === undefined) return null;
  const fields = new Map<string, string>();
  for (const field of line.split(";")) {
    const equals = field.indexOf("=");
    if (equals > 0) fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  return {
    names: (fields.get("names") ?? "").split(",").map((name) => name.trim()).filter((name) => name !== ""),
    authority: fields.get("authority") ?? "",
    expired: fields.get("expired") === "true",
  };
}
