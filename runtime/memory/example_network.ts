/** The network that documentation examples run on: every `*.example` name leads to one machine with a few small services. */
import type { Grant } from "../../permissions/grant.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink } from "../../net/port.ts";
import { memoryTlsServer } from "./memory_tls.ts";
import { MemoryNetwork } from "./net.ts";

/** An address that counts as public. Nothing is ever sent to it. */
const ADDRESS = "93.184.215.14";

/** Services: echo on 7, discard on 9, STARTTLS-then-echo on 25, whois on 43, TLS echo on 563. */
export class ExampleNetwork extends MemoryNetwork {
  /** Starts the services. */
  constructor() {
    super();
    this.listen({ address: ADDRESS, port: 7 }, echo);
    this.listen({ address: ADDRESS, port: 9 }, discard);
    this.listen({ address: ADDRESS, port: 25 }, startTlsThenEcho);
    this.listen({ address: ADDRESS, port: 43 }, whois);
    this.listen({ address: ADDRESS, port: 563 }, async (link) => echo(await exampleTls(link)));
  }

  /** Looks a name up; everything under `.example` exists. */
  override resolve(
    grant: Grant,
    host: string,
    options: { readonly type: "ipv4" | "ipv6" | null; readonly signal: AbortSignal },
  ): Promise<IpAddress[]> {
    const address = parseIpAddress(ADDRESS);
    if (!host.endsWith(".example") || options.type === "ipv6" || address === null) {
      return super.resolve(grant, host, options);
    }
    this.log.push(`resolve ${host}`);
    return Promise.resolve([address]);
  }
}

async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
  await link.closeWrite();
}

async function discard(link: ByteLink): Promise<void> {
  while (await link.readChunk() !== null);
}

async function startTlsThenEcho(link: ByteLink): Promise<void> {
  await link.write(new TextEncoder().encode("220 ready\r\n"));
  await link.readChunk();
  await link.write(new TextEncoder().encode("220 go ahead\r\n"));
  await echo(await exampleTls(link));
}

async function whois(link: ByteLink): Promise<void> {
  const query = new TextDecoder().decode((await link.readChunk()) ?? undefined).trim();
  await link.write(new TextEncoder().encode(`domain:       ${query.toUpperCase()}\r\n`));
  await link.closeWrite();
}

function exampleTls(link: ByteLink): Promise<ByteLink> {
  return memoryTlsServer(link, {
    names: ["mail.example", "echo.example"],
    authority: "public",
    alpnProtocols: ["echo/1"],
  });
}
