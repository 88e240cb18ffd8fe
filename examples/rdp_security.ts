/**
 * Shows which kinds of security a Remote Desktop server accepts, upgrades to TLS and shows its certificate. Such servers mostly
 * have a self-signed one: fetch it from the server's own screen, and name the file.
 * `PARLEY_ALLOW=desk.example.org:3389 bun examples/rdp_security.ts desk.example.org 3389 desk.crt`
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";

const [host = "desk.local", port = "3389", certificate] = process.argv.slice(2);
const tls = certificate === undefined ? {} : { ca: await readFile(certificate, "utf8") };

/** Requested protocols, MS-RDPBCGR 2.2.1.1.1. */
const PROTOCOLS = [["TLS", 1], ["CredSSP over TLS", 2], ["RDP's own encryption", 0]] as const;
/** Why a server refuses, MS-RDPBCGR 2.2.1.2.2. */
const REFUSALS = ["", "wants TLS", "wants no TLS", "has no certificate", "flags conflict", "wants CredSSP"];

/** Asks for one protocol on a connection of its own: X.224 Connection Request and Confirm, in TPKT frames. */
async function negotiate(protocol: number) {
  const socket = await openTCPSocket({
    remoteAddress: host,
    remotePort: Number(port),
    // The operator approves what is meant: plaintext for a few bytes, then TLS with this certificate, or nothing.
    ...(protocol === 1 ? { secureTransport: "starttls", tls } as const : {}),
    readTimeout: 10_000,
  });
  const writer = socket.writable.getWriter();
  const reader = socket.readable.getReader({ mode: "byob" });
  const read = async (length: number): Promise<Uint8Array> => {
    const { value } = await reader.read(new Uint8Array(length), { min: length });
    if (value?.byteLength !== length) throw new TypeError("Cannot negotiate: the server hung up");
    return value;
  };
  // TPKT: version 3, length 19. X.224: length 14, Connection Request. Negotiation request: type 1, length 8, protocols.
  await writer.write(new Uint8Array([3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, protocol, 0, 0, 0]));
  const [version, , high = 0, low = 0] = await read(4);
  const length = high << 8 | low;
  if (version !== 3 || length < 11 || length > 256) throw new TypeError("Cannot negotiate: this is not RDP");
  const confirm = await read(length - 4);
  reader.releaseLock();
  writer.releaseLock();
  // After seven bytes of X.224: 2 for an answer, 3 for a refusal, and which. Old servers say nothing: their own encryption.
  return { socket, refused: confirm[7] === 3, which: confirm[11] ?? 0 };
}

for (const [name, protocol] of PROTOCOLS) {
  const { socket, refused, which } = await negotiate(protocol);
  const accepted = !refused && which === protocol;
  console.log(`${name}: ${accepted ? "yes" : refused ? `no, ${REFUSALS[which] ?? which}` : "no"}`);
  if (protocol === 1 && accepted) {
    await using secure = await socket.startTls();
    const [shown] = secure.tlsInfo?.chain ?? [];
    console.log(`  ${secure.tlsInfo?.protocol}, certificate for ${shown?.subjectAltName ?? "nobody"}`);
  } else await socket.close();
}
