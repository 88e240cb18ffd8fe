/** Says what UDP on Deno can do under the permissions it was started with. Prints JSON; never prompts. */
import { parseIpAddress } from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { DatagramLink } from "../../../net/datagram_port.ts";
import { testGrant } from "../../support/test_grant.ts";
import { Inbox } from "../inbox.ts";
import { nativeBackend } from "../native_backend.ts";

const net = await nativeBackend();
const address = parseIpAddress("127.0.0.1")!;
const sizes = { sendBufferSize: null, receiveBufferSize: null, broadcast: false };
const bindOptions = { ...sizes, ipv6Only: false, addressSharing: false };

async function outcome(call: () => Promise<unknown> | undefined): Promise<string> {
  try {
    await call();
    return "done";
  } catch (error) {
    return isParleyError(error) ? error.code : String(error);
  }
}

const open: DatagramLink[] = [];
const kept = async (link: Promise<DatagramLink>): Promise<void> => void open.push(await link);
const handlers = new Inbox();
const grant = testGrant();
const bind = await outcome(() =>
  kept(net.bindDatagram(grant, { address, port: 0 }, { options: bindOptions, handlers }))
);
const connect = await outcome(() =>
  kept(net.connectDatagram(grant, { address, port: 9 }, { options: sizes, handlers }))
);
const [link] = open;
const membership = { group: parseIpAddress("239.83.7.1")!, source: null, interfaceName: "lo" };
console.log(JSON.stringify({
  bind,
  connect,
  near: link === undefined
    ? null
    : await outcome(() => link.send(new Uint8Array(1), { address: "127.0.0.1", port: 9 })),
  far: link === undefined
    ? null
    : await outcome(() => link.send(new Uint8Array(1), { address: "192.0.2.99", port: 9 })),
  join: link === undefined ? null : await outcome(() => Promise.resolve(link.join(membership))),
  interfaces: net.interfaces() !== null,
}));
for (const each of open) each.close();
