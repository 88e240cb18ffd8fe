/** The part of the datagram suite about groups. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { IpAddress } from "../../core/ip_address.ts";
import type { MulticastSendOptions } from "../../net/datagram_port.ts";
import { RecordProcess } from "../support/record_process.ts";
import {
  at,
  type DatagramScene,
  type DatagramSuite,
  type Endpoint,
  ip,
  throwsWith,
  withoutIpv6,
} from "./datagram_scene.ts";
import { utf8 } from "./link_tools.ts";

/** Groups of an organisation's own, not to leave it. */
const GROUP = "239.83.7.1";
const SOURCE_GROUP = "232.83.7.1";
/** Of this machine only, and of one site for sources. */
const GROUP6 = "ff01::83:7:1";
const SOURCE_GROUP6 = "ff31::83:7:1";
const NEAR: MulticastSendOptions = Object.freeze({ timeToLive: 1, loopback: true, interfaceName: "lo" });
const PYTHON = "/usr/bin/python3";
const HOP_RECEIVER = fileURLToPath(new URL("./programs/hop_receiver.py", import.meta.url));
const NO_PYTHON = !existsSync(PYTHON) && "the Debian package python3 is missing";

/** Registers the tests about groups. */
export function multicastContract(suite: DatagramSuite): void {
  joining(suite);
  choosingSources(suite);
  refusing(suite);
  sending(suite);
  ipv6(suite);
}

/** A receiver on the port of all addresses, and a sender that reaches groups by `lo`. */
async function pair({ bind }: DatagramScene, address = "0.0.0.0"): Promise<{ receiver: Endpoint; sender: Endpoint }> {
  const receiver = await bind({ address });
  const sender = await bind({ address });
  sender.link.setMulticast(NEAR);
  return { receiver, sender };
}

/** Whether a datagram to a group arrives. What is sent to the receiver itself afterwards shows that it did not. */
async function hears(receiver: Endpoint, sender: Endpoint, group: string): Promise<boolean> {
  await sender.link.send(utf8("to the group"), at(receiver, group));
  await sender.link.send(utf8("to you"), at(receiver, group.includes(":") ? "::1" : "127.0.0.1"));
  const first = await receiver.inbox.text();
  if (first === "to you") return false;
  assert.equal(await receiver.inbox.text(), "to you");
  return true;
}

function joining({ check }: DatagramSuite): void {
  check("DS-52 hears a group between joining and leaving it", async (scene) => {
    const { receiver, sender } = await pair(scene);
    const membership = { group: ip(GROUP), source: null, interfaceName: "lo" };
    assert.equal(await hears(receiver, sender, GROUP), false);
    receiver.link.join(membership);
    assert.equal(await hears(receiver, sender, GROUP), true);
    receiver.link.leave(membership);
    assert.equal(await hears(receiver, sender, GROUP), false);
    receiver.link.join(membership);
    assert.equal(await hears(receiver, sender, GROUP), true);
  });

  check("DS-58 two sockets that share a port both hear the group", async ({ bind }) => {
    const one = await bind({ address: "0.0.0.0", addressSharing: true });
    const two = await bind({ address: "0.0.0.0", addressSharing: true, port: one.link.local.port });
    const sender = await bind({ address: "0.0.0.0" });
    sender.link.setMulticast(NEAR);
    for (const { link } of [one, two]) link.join({ group: ip(GROUP), source: null, interfaceName: "lo" });
    await sender.link.send(utf8("to both"), at(one, GROUP));
    assert.deepEqual([await one.inbox.text(), await two.inbox.text()], ["to both", "to both"]);
  });

  check("DS-54 DS-56 refuses to join twice, and to leave what was not joined; the membership stays", async (scene) => {
    const { receiver, sender } = await pair(scene);
    const membership = { group: ip(GROUP), source: null, interfaceName: "lo" };
    throwsWith(() => receiver.link.leave(membership), "NET_FAILED");
    receiver.link.join(membership);
    throwsWith(() => receiver.link.join(membership), "NET_FAILED");
    assert.equal(await hears(receiver, sender, GROUP), true);
  });
}

function choosingSources({ check }: DatagramSuite): void {
  check("DS-53 hears one source of a group and no other", async ({ bind }) => {
    const receiver = await bind({ address: "0.0.0.0" });
    const chosen = await bind({ address: "127.0.0.1" });
    const other = await bind({ address: "127.0.0.2" });
    for (const { link } of [chosen, other]) link.setMulticast(NEAR);
    const membership = { group: ip(SOURCE_GROUP), source: ip("127.0.0.1"), interfaceName: "lo" };
    receiver.link.join(membership);
    assert.equal(await hears(receiver, other, SOURCE_GROUP), false);
    assert.equal(await hears(receiver, chosen, SOURCE_GROUP), true);
    receiver.link.leave(membership);
    assert.equal(await hears(receiver, chosen, SOURCE_GROUP), false);
    throwsWith(() => receiver.link.leave(membership), "NET_FAILED");
  });
}

function refusing({ check, host }: DatagramSuite): void {
  const options = { skip: withoutIpv6(host) };

  check("refuses an interface that does not exist with NET_UNREACHABLE, rather than use another", async ({ bind }) => {
    for (const [address, group] of [["0.0.0.0", GROUP], ["::", GROUP6]] as const) {
      const { link } = await bind({ address });
      const membership = { group: ip(group), source: null, interfaceName: "nosuch0" };
      throwsWith(() => link.join(membership), "NET_UNREACHABLE");
      throwsWith(() => link.leave(membership), "NET_UNREACHABLE");
      throwsWith(() => link.setMulticast({ ...NEAR, interfaceName: "nosuch0" }), "NET_UNREACHABLE");
    }
  }, options);

  check("refuses groups of the other family with NET_UNREACHABLE, to join and to send to", async ({ bind }) => {
    const six = await bind({ address: "::" });
    const four = await bind({ address: "0.0.0.0" });
    throwsWith(() => six.link.join({ group: ip(GROUP), source: null, interfaceName: "lo" }), "NET_UNREACHABLE");
    throwsWith(() => four.link.join({ group: ip(GROUP6), source: null, interfaceName: "lo" }), "NET_UNREACHABLE");
    const mixed = { group: ip(SOURCE_GROUP), source: ip("::1"), interfaceName: "lo" };
    throwsWith(() => four.link.join(mixed), "NET_UNREACHABLE");
    for (const [{ link }, address] of [[six, GROUP], [four, GROUP6]] as const) {
      await assert.rejects(Promise.resolve(link.send(utf8("x"), { address, port: 9 })), { code: "NET_UNREACHABLE" });
    }
  }, options);
}

function sending({ check, gaps, host }: DatagramSuite): void {
  check("DS-59 a time to live of 0 stays on this machine, as the gaps have it", async (scene) => {
    const { receiver, sender } = await pair(scene);
    receiver.link.join({ group: ip(GROUP), source: null, interfaceName: "lo" });
    const stay = { ...NEAR, timeToLive: 0 };
    if (gaps.multicastTtlZeroRefused) throwsWith(() => sender.link.setMulticast(stay), "RUNTIME_UNSUPPORTED");
    else sender.link.setMulticast(stay);
    assert.equal(await hears(receiver, sender, GROUP), true);
  });

  check("DS-59 goes back to the system's choice of interface", async ({ bind }) => {
    const { link } = await bind({ address: "0.0.0.0" });
    link.setMulticast(NEAR);
    link.setMulticast({ ...NEAR, interfaceName: null });
    link.setMulticast(NEAR);
  });

  if (!host.traits.realSockets) return;
  check("DS-14 datagrams to a group leave with the time to live that was set", async ({ bind }) => {
    const sender = await bind({ address: "0.0.0.0" });
    await leavesWith(sender, { group: GROUP, via: NEAR, hops: [1, 5, 255] });
  }, { skip: NO_PYTHON });
}

/** Sends to a program that says the hop limit with which datagrams arrive. */
async function leavesWith(
  { link }: Endpoint,
  { group, via, hops }: { group: string; via: MulticastSendOptions; hops: readonly number[] },
): Promise<void> {
  await using receiver = new RecordProcess([PYTHON, HOP_RECEIVER, group, via.interfaceName ?? ""]);
  const { record } = await receiver.record({ event: "ready" });
  for (const timeToLive of hops) {
    link.setMulticast({ ...via, timeToLive });
    await link.send(utf8("x"), { address: group, port: Number(record.port) });
    await receiver.record({ event: "received", hops: timeToLive });
  }
  assert.equal(receiver.records.length, 1 + hops.length);
}

function ipv6({ check, host }: DatagramSuite): void {
  const entries = host.net.interfaces() ?? [];
  const real = entries.find(({ address }) => address.family === 6 && address.zone !== null);
  // Linux has no route for groups on lo.
  const name = host.traits.realSockets ? real?.name : "lo";
  const options = { skip: name === undefined && "no interface has a link-local IPv6 address" };
  const via = { timeToLive: 1, loopback: true, interfaceName: name ?? "" };

  check("DS-52 hears an IPv6 group between joining and leaving it", async (scene) => {
    const [receiver, sender] = [await scene.bind({ address: "::" }), await scene.bind({ address: "::" })];
    sender.link.setMulticast(via);
    const membership = { group: ip(GROUP6), source: null, interfaceName: via.interfaceName };
    assert.equal(await hears(receiver, sender, GROUP6), false);
    receiver.link.join(membership);
    assert.equal(await hears(receiver, sender, GROUP6), true);
    receiver.link.leave(membership);
    assert.equal(await hears(receiver, sender, GROUP6), false);
  }, options);

  check("DS-59 without loopback, no socket of this machine hears what is sent", async ({ bind }) => {
    const [receiver, sender] = [await bind({ address: "::" }), await bind({ address: "::" })];
    receiver.link.join({ group: ip(GROUP6), source: null, interfaceName: via.interfaceName });
    sender.link.setMulticast({ ...via, loopback: false });
    assert.equal(await hears(receiver, sender, GROUP6), false);
    sender.link.setMulticast(via);
    assert.equal(await hears(receiver, sender, GROUP6), true);
  }, options);

  check("DS-53 sources and hop limits of IPv6 groups work, or are RUNTIME_UNSUPPORTED", async ({ bind, traits }) => {
    const receiver = await bind({ address: "::" });
    const sender = await bind({ address: "::" });
    const other = { group: ip(SOURCE_GROUP6), source: ip("2001:db8::7"), interfaceName: via.interfaceName };
    if (!traits.ipv6Multicast) {
      throwsWith(() => receiver.link.join(other), "RUNTIME_UNSUPPORTED");
      throwsWith(() => sender.link.setMulticast({ ...via, timeToLive: 5 }), "RUNTIME_UNSUPPORTED");
      sender.link.setMulticast(via);
      return;
    }
    if (traits.realSockets && !NO_PYTHON) await leavesWith(sender, { group: GROUP6, via, hops: [1, 5, 255] });
    sender.link.setMulticast({ ...via, timeToLive: 5 });
    receiver.link.join(other);
    assert.equal(await hears(receiver, sender, SOURCE_GROUP6), false);
    receiver.link.join({ ...other, source: await sourceOf(receiver, sender, via.interfaceName) });
    assert.equal(await hears(receiver, sender, SOURCE_GROUP6), true);
  }, options);
}

/** The address that the system sends to groups from, as another group shows it. */
async function sourceOf(receiver: Endpoint, sender: Endpoint, interfaceName: string): Promise<IpAddress> {
  receiver.link.join({ group: ip(GROUP6), source: null, interfaceName });
  await sender.link.send(utf8("from where?"), at(receiver, GROUP6));
  return ip((await receiver.inbox.next()).from.address);
}
