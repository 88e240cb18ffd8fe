/** The server's side of TLS in memory, for programs that serve: `memoryTlsServer` with what a `TlsIdentity` asks for. */
import { abortError, onAbort } from "../../core/abort.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import type { ByteLink, PeerCertificate } from "../../net/port.ts";
import type { TlsIdentity, TlsServed } from "../../net/server_port.ts";
import { isSignedBy, parseCertificate, readMemoryCertificate } from "./memory_certificate.ts";
import { agreedProtocol, answerClient, certificateOf, readClientHello } from "./memory_tls.ts";

/**
 * Plays the server of a handshake. The client learns that it was turned away during the handshake, as with TLS 1.2.
 *
 * @param link The connection; it is closed when the handshake fails.
 * @param how Who the server is, and until when.
 * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or what the link failed with.
 */
export async function serveMemoryTls(
  link: ByteLink,
  { identity, signal }: { readonly identity: TlsIdentity; readonly signal: AbortSignal },
): Promise<TlsServed> {
  const forget = onAbort(signal, () => link.close());
  try {
    if (signal.aborted) throw abortError(signal.reason);
    return await handshake(link, identity);
  } catch (error) {
    link.close();
    if (signal.aborted) throw abortError(signal.reason);
    throw isParleyError(error) ? error : refused("the handshake failed");
  } finally {
    forget();
  }
}

async function handshake(link: ByteLink, { cert, clientCa, alpnProtocols }: TlsIdentity): Promise<TlsServed> {
  const own = readMemoryCertificate(cert);
  const client = await readClientHello(link);
  const alpnProtocol = agreedProtocol(alpnProtocols, client.alpnProtocols);
  if (alpnProtocol === null && alpnProtocols.length > 0 && client.alpnProtocols.length > 0) {
    throw refused("no protocol in common");
  }
  const chain = clientCa === null ? [] : [await verifiedClient(client.cert, clientCa)];
  await answerClient(link, own, alpnProtocol);
  return { link, serverName: client.serverName, alpnProtocol, protocol: "TLSv1.3", chain };
}

/** Verifies the certificate of a client that is asked for one; it has no name to be for. */
function verifiedClient(text: string | null, authorities: readonly string[]): Promise<PeerCertificate> {
  if (text === null) throw refused("the client showed no certificate");
  const certificate = parseCertificate(text);
  if (certificate === null || !isSignedBy(certificate, authorities)) {
    throw refused("no authority that was named signed the client's certificate");
  }
  if (certificate.expired) throw refused("the client's certificate has expired");
  return certificateOf(certificate);
}

function refused(state: string): ParleyError {
  return new ParleyError("TLS_HANDSHAKE", `Cannot serve TLS: ${state}`);
}
