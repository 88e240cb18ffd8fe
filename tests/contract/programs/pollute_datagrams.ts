/**
 * CORE-01: opens datagram sockets and sends while one name after the other stands on `Object.prototype`, and prints what each
 * came to as JSON. A process of its own, so that the test runner is not poisoned with it.
 */
import { ip } from "../datagram_scene.ts";
import type { BindOptions, DatagramLink } from "../../../net/datagram_port.ts";
import { testGrant } from "../../support/test_grant.ts";
import { Inbox } from "../inbox.ts";
import { nativeBackend } from "../native_backend.ts";

/** What came of one name: `right` when everything went where it should, and nobody could share a port that is not shared. */
export interface DatagramPollution {
  readonly name: string;
  readonly outcome: string;
}

const net = await nativeBackend();
const grant = testGrant();
const address = ip("127.0.0.1");
const sizes = { sendBufferSize: null, receiveBufferSize: null, broadcast: false };
const bindOptions: BindOptions = { ...sizes, ipv6Only: false, addressSharing: false };
const evil = new Inbox();
const trap = await net.bindDatagram(grant, { address, port: 0 }, { options: bindOptions, handlers: evil });
const bytes = new TextEncoder().encode("secret");

/** Values that would make another socket of it, or another way for its datagrams. */
const NAMES: Readonly<Record<string, unknown>> = {
  fd: 1,
  sharedFd: 1,
  handle: {},
  recvStart: () => {},
  signal: AbortSignal.abort(),
  lookup: (_host: string, _options: unknown, callback: (error: null, address: string, family: number) => void) =>
    callback(null, "127.0.0.1", 4),
  connect: { hostname: "127.0.0.1", port: trap.local.port },
  remote: trap.local,
  hostname: "127.0.0.1",
  address: "127.0.0.1",
  port: trap.local.port,
  family: 6,
  type: "udp6",
  reuseAddr: true,
  reusePort: true,
  ipv6Only: true,
  exclusive: false,
  flags: 4,
  addressSharing: true,
  broadcast: true,
  recvBufferSize: 1,
  sendBufferSize: 1,
  receiveBufferSize: 1,
  receiveBlockList: {},
  sendBlockList: {},
  msgCount: 2,
  binaryType: "arraybuffer",
  transport: "unixpacket",
  zone: "lo",
  truncated: true,
};

async function attempt(open: DatagramLink[]): Promise<string> {
  const [server, client] = [new Inbox(), new Inbox()];
  for (const receiveBufferSize of [null, 50_000]) {
    const options = { ...bindOptions, receiveBufferSize };
    const bound = await net.bindDatagram(grant, { address, port: 0 }, { options, handlers: server });
    open.push(bound);
    const target = { address, port: bound.local.port };
    const how = { options: { ...sizes, receiveBufferSize }, handlers: client };
    const connected = await net.connectDatagram(grant, target, how);
    open.push(connected);
    if (bound.local.address !== "127.0.0.1" || connected.local.address !== "127.0.0.1") return "another address";
    if (bound.local.port === trap.local.port) return "another port";
    await connected.send(bytes, bound.local);
    const { from, bytes: heard, truncated } = await server.next();
    if (from.port !== connected.local.port || heard.byteLength !== bytes.byteLength || truncated) {
      return "another datagram";
    }
    await bound.send(bytes, from);
    await client.next();
    const sharing = { ...bindOptions, addressSharing: true };
    const second = await net.bindDatagram(grant, target, { options: sharing, handlers: server }).catch(() => null);
    if (second !== null) open.push(second);
    if (second !== null) return "shared";
  }
  return evil.received.length > 0 ? "leaked" : "right";
}

const outcomes: DatagramPollution[] = [];
for (const [name, value] of Object.entries(NAMES)) {
  const open: DatagramLink[] = [];
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<string>((resolve) => timer = setTimeout(resolve, 5000, "nothing arrived"));
    outcomes.push({ name, outcome: await Promise.race([attempt(open), late]) });
  } catch (error) {
    outcomes.push({ name, outcome: String(error) });
  }
  clearTimeout(timer);
  for (const link of open) link.close();
  delete (Object.prototype as Record<string, unknown>)[name];
}
trap.close();
console.log(JSON.stringify(outcomes));
