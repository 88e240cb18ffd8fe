/**
 * The program of the rebinding lab. Arguments: the hosts, with commas between. It opens sockets to all of them at once, then
 * does so again when told, this time to be told a second time before it reconnects. Prints one record for each step.
 */
import process from "node:process";
import { openReconnectingSocket, openUDPSocket } from "../../net/mod.ts";
import { openTCPSocket, type TCPSocket } from "../../mod.ts";
import { type Outcome, outcomeOf } from "../peers/programs/outcome.ts";

/** What became of a host: over TCP, and over UDP. */
export interface HostOutcome {
  readonly host: string;
  readonly tcp: Outcome;
  readonly udp: Outcome;
}

const PORT = 25;
const hosts = (process.argv[2] ?? "").split(",");
const orders = process.stdin.setEncoding("utf8")[Symbol.asyncIterator]();

function print(is: string, outcomes: readonly HostOutcome[]): void {
  process.stdout.write(`${JSON.stringify({ is, outcomes })}\n`);
}

/** Says a line and reads the answer, so that a connection that was let through is seen to be one. */
async function talk(socket: TCPSocket): Promise<string> {
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("QUIT\r\n"));
  writer.releaseLock();
  const reader = socket.readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).split("\r\n")[0] ?? "";
}

function overTcp(host: string): Promise<Outcome> {
  return outcomeOf(async () => {
    await using socket = await openTCPSocket({ remoteAddress: host, remotePort: PORT });
    return await talk(socket);
  });
}

function overUdp(host: string): Promise<Outcome> {
  return outcomeOf(async () => {
    await using socket = await openUDPSocket({ remoteAddress: host, remotePort: PORT });
    await socket.send(new TextEncoder().encode("hello"));
    return "sent";
  });
}

async function onEach(open: (host: string) => Promise<Outcome>, udp = overUdp): Promise<HostOutcome[]> {
  return await Promise.all(hosts.map(async (host) => {
    const [tcp, datagrams] = await Promise.all([open(host), udp(host)]);
    return { host, tcp, udp: datagrams };
  }));
}

print("first", await onEach(overTcp));
await orders.next();

const links = new Map<string, AsyncIterator<TCPSocket>>();
const current = new Map<string, TCPSocket>();

/** The next connection of a socket that reconnects; the last one is closed before. */
function next(host: string): Promise<Outcome> {
  return outcomeOf(async () => {
    await current.get(host)?.close();
    let iterator = links.get(host);
    if (iterator === undefined) {
      const link = await openReconnectingSocket({ remoteAddress: host, remotePort: PORT, maxFailures: 1 });
      links.set(host, iterator = link[Symbol.asyncIterator]());
    }
    const { value, done } = await iterator.next();
    if (done === true) return "ended";
    current.set(host, value);
    return await talk(value);
  });
}

print("opened", await onEach(next));
await orders.next();
print("again", await onEach(next));
process.exit(0);
