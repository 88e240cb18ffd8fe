/** Upgrades a mail connection to TLS and shows the certificate: `bun examples/start_tls.ts mail.example.org` */
import { openTCPSocket } from "@parley/parley";
import process from "node:process";

const [host = "mail.example"] = process.argv.slice(2);
const plain = await openTCPSocket({ remoteAddress: host, remotePort: 25, secureTransport: "starttls" });

const reader = plain.readable.getReader();
const writer = plain.writable.getWriter();
const answer = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value).trimEnd();
const say = (line: string): Promise<void> => writer.write(new TextEncoder().encode(`${line}\r\n`));

console.log(await answer()); // 220 …
await say("STARTTLS"); // a real client says EHLO first, and looks for the offer
console.log(await answer()); // 220 …
reader.releaseLock();
writer.releaseLock();

await using secure = await plain.startTls();
console.log(`${secure.tlsInfo?.protocol}, certificate for ${secure.tlsInfo?.chain[0]?.subjectAltName}`);
