/** A script that serves mail clients: says hello, upgrades at STARTTLS, and prints what it heard. Argument: a {@linkcode Plan}. */
import process from "node:process";
import { ambientNetContext } from "../../../net/ambient.ts";
import { type AcceptedSocket, createServers } from "../../../net/faces/servers/mod.ts";

interface Plan {
  readonly cert: string;
  readonly key: string;
  /** Whether Parley sends the go-ahead, and looks first whether anything came ahead. */
  readonly goAhead: boolean;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
const { openTCPServer } = createServers(ambientNetContext);
await using server = await openTCPServer({ secureTransport: "starttls", tls: { cert: plan.cert, key: plan.key } });
console.log(`port ${server.localPort}`);

for await (const socket of server) {
  try {
    await serve(socket);
  } catch (error) {
    const { name, cause } = error as Error;
    console.log(`failed ${name} ${(cause as { code?: string } | undefined)?.code ?? "-"}`);
  }
}

async function serve(plain: AcceptedSocket): Promise<void> {
  await converse(plain, { until: "STARTTLS", hello: true });
  const goAhead = new TextEncoder().encode("220 Go ahead\r\n");
  if (!plan.goAhead) {
    const writer = plain.writable.getWriter();
    await writer.write(goAhead);
    writer.releaseLock();
  }
  await using secure = await plain.startTls(plan.goAhead ? { goAhead } : {});
  console.log(`secure ${secure.tlsInfo?.protocol} ${secure.tlsInfo?.serverName}`);
  await converse(secure, { until: "QUIT", hello: false });
}

/** Reads line by line, byte by byte: what follows a command stays where it is. */
async function converse(socket: AcceptedSocket, how: { until: string; hello: boolean }): Promise<void> {
  const reader = socket.readable.getReader({ mode: "byob" });
  const writer = socket.writable.getWriter();
  const say = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  if (how.hello) await say("220 ready\r\n");
  let line = "";
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(1));
    if (done) break;
    line += String.fromCharCode(value[0] ?? 0);
    if (!line.endsWith("\n")) continue;
    console.log(`heard ${JSON.stringify(line.trim())}`);
    if (line.startsWith(how.until)) break;
    if (line.startsWith("EHLO")) await say("250-here\r\n250 STARTTLS\r\n");
    else await say("250 ok\r\n");
    line = "";
  }
  if (!how.hello) await say("221 bye\r\n");
  reader.releaseLock();
  writer.releaseLock();
}
