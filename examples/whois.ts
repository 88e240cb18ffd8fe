/** Asks a whois server (RFC 3912) about a domain: `deno run --allow-net=whois.iana.org:43 examples/whois.ts example.org` */
import process from "node:process";
import { openTCPSocket } from "@parley/parley";

const [domain = "example.org", server = "whois.iana.org"] = process.argv.slice(2);
await using socket = await openTCPSocket({ remoteAddress: server, remotePort: 43 });

const writer = socket.writable.getWriter();
await writer.write(new TextEncoder().encode(`${domain}\r\n`));
await writer.close();

console.log(await new Response(socket.readable).text());
