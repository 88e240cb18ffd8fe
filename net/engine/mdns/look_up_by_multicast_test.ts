import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { type FakeDatagramLink, FakeDatagramNetwork, interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import type { DnsQueryType } from "../../port.ts";
import { resolveTarget } from "../resolve_target.ts";
import { readAnswers, wireName } from "./address_message.ts";
import { lookUpByMulticast } from "./look_up_by_multicast.ts";

const NEIGHBOUR = { address: "192.168.1.9", port: 5353 };

interface Scene {
  readonly net: FakeDatagramNetwork;
  readonly clock: ManualClock;
  readonly looking: Promise<string[]>;
  /** The socket on the first network. */
  readonly link: FakeDatagramLink;
  readonly abort: AbortController;
}

async function scene(
  { host = "printer.local", type = null, own = ["127.0.0.1/8", "192.168.1.5/24"] }: {
    readonly host?: string;
    readonly type?: DnsQueryType | null;
    readonly own?: readonly string[];
  } = {},
): Promise<Scene> {
  const [net, clock, abort] = [new FakeDatagramNetwork(), new ManualClock(), new AbortController()];
  net.ownAddresses = own.map((text) => {
    const [address = "", length = ""] = text.split("/");
    return interfaceAddress(address, Number(length));
  });
  const grant = testGrant({ host, port: 631 });
  const options = { dnsQueryType: type, signal: abort.signal, judgesFarEnd: true };
  const looking = resolveTarget({ net, clock }, grant, options)
    .then((found) => found.map(({ text, zone }) => zone === null ? text : `${text}%${zone}`));
  looking.catch(() => {});
  await clock.advance(0);
  return { net, clock, looking, abort, link: net.links[0] as FakeDatagramLink };
}

/** An answer to the question that a socket sent `at` which place. */
function answer(link: FakeDatagramLink, data: readonly number[], { at = 0, name = "printer.local" } = {}) {
  const question = link.sent[at]?.bytes as Uint8Array;
  const type = data.length === 4 ? 1 : 28;
  const head = [question[0] ?? 0, question[1] ?? 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
  return Uint8Array.from([
    ...head,
    ...wireName(name) as Uint8Array,
    ...[0, type, 0, 1, 0, 0, 0, 10, 0, data.length],
    ...data,
  ]);
}

const V4 = [192, 168, 1, 9];

test("NET-29 a name under .local is asked of the neighbours, of no name server, and leads to who answers", async () => {
  const { net, clock, looking, link } = await scene();
  assert.deepEqual(net.links.map(({ init }) => `${init.at.address.text}:${init.at.port}`), ["192.168.1.5:0"]);
  assert.deepEqual(link.sent.map(({ to }) => to), ["224.0.0.251:5353", "224.0.0.251:5353"]);
  assert.deepEqual(link.multicast, { timeToLive: 255, loopback: true, interfaceName: "eth0" });
  link.arrive(answer(link, V4), NEIGHBOUR);
  await clock.advance(100);
  assert.deepEqual(await looking, ["192.168.1.9"]);
  assert.deepEqual(net.log, []);
  assert.ok(link.closed);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-14 what a neighbour answers is judged whole: a second answer that leads beyond refuses the name", async () => {
  const { clock, looking, link } = await scene();
  link.arrive(answer(link, V4), NEIGHBOUR);
  link.arrive(answer(link, [10, 0, 0, 1]), { address: "192.168.1.66", port: 5353 });
  await clock.advance(100);
  await assert.rejects(looking, { code: "PERM_ADDRESS" });
});

for (const data of [[127, 0, 0, 1], [192, 168, 1, 5], [192, 168, 2, 9], [169, 254, 169, 254]]) {
  test(`NET-14 no name under .local leads to ${data.join(".")}`, async () => {
    const { clock, looking, link } = await scene();
    link.arrive(answer(link, data), NEIGHBOUR);
    await clock.advance(100);
    await assert.rejects(looking, { code: "PERM_ADDRESS" });
  });
}

test("NET-14 an answer counts from a neighbour only, from port 5353, to our question, for the name", async () => {
  const { clock, looking, link } = await scene();
  const told = answer(link, [192, 168, 1, 66]);
  link.arrive(told, { address: "192.168.2.9", port: 5353 });
  link.arrive(told, { address: "8.8.8.8", port: 5353 });
  link.arrive(told, { address: "192.168.1.9", port: 5354 });
  link.arrive(answer(link, [192, 168, 1, 66], { name: "other.local" }), NEIGHBOUR);
  const stale = told.slice();
  stale[0] = (stale[0] ?? 0) ^ 0x55;
  link.arrive(stale, NEIGHBOUR);
  link.arrive(new Uint8Array(3), NEIGHBOUR);
  link.report(new ParleyError("NET_REFUSED", "Cannot reach anybody"));
  await clock.advance(500);
  link.arrive(answer(link, V4), NEIGHBOUR);
  await clock.advance(100);
  assert.deepEqual(await looking, ["192.168.1.9"]);
});

test("NET-29 the question is repeated after a second, and given up after another", async () => {
  const { clock, looking, link } = await scene();
  await clock.advance(999);
  assert.equal(link.sent.length, 2);
  await clock.advance(1);
  assert.equal(link.sent.length, 4);
  await clock.advance(1_000);
  await assert.rejects(looking, {
    code: "NET_DNS",
    message: "Cannot look up printer.local: no neighbour answers for it",
  });
  assert.equal(link.sent.length, 4);
  assert.ok(link.closed);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-29 both families are asked for, on every network, and link-local addresses keep theirs", async () => {
  const { net, clock, looking } = await scene({ own: ["192.168.1.5/24", "fe80::5%eth0/64", "2a00:1:2:3::5/64"] });
  assert.deepEqual(net.links.map(({ init }) => init.at.address.text), ["192.168.1.5", "fe80::5"]);
  const [four, six] = net.links as [FakeDatagramLink, FakeDatagramLink];
  assert.equal(six.sent[0]?.to, "ff02::fb:5353");
  const data = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
  six.arrive(answer(six, data, { at: 1 }), { address: "fe80::9%eth0", port: 5353 });
  four.arrive(answer(four, V4), NEIGHBOUR);
  await clock.advance(100);
  assert.deepEqual(await looking, ["fe80::9%eth0", "192.168.1.9"]);
});

test("DS-22 one family is asked for where the program wants one", async () => {
  const { clock, looking, link, net } = await scene({ type: "ipv6" });
  assert.equal(link.sent.length, 1);
  assert.equal(readAnswers(answer(link, V4), [{ id: 0, name: wireName("printer.local")!, family: 4 }]).length, 0);
  link.arrive(answer(link, V4), NEIGHBOUR);
  await clock.advance(2_000);
  await assert.rejects(looking, { code: "NET_DNS" });
  assert.deepEqual(net.log, []);
});

test("NET-24 a name with letters beyond ASCII is asked for as neighbours know it, in UTF-8", async () => {
  const { clock, looking, link } = await scene({ host: "drücker.local" });
  assert.deepEqual(link.sent[0]?.bytes.slice(12, -4), wireName("drücker.local"));
  link.arrive(answer(link, V4, { name: "drücker.local" }), NEIGHBOUR);
  await clock.advance(100);
  assert.deepEqual(await looking, ["192.168.1.9"]);
});

test("NET-04 an abort ends the lookup at once and closes its sockets", async () => {
  const { clock, looking, link, abort } = await scene();
  abort.abort("enough");
  await assert.rejects(looking, { code: "NET_ABORTED" });
  assert.ok(link.closed);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-29 without a network there is nobody to ask, and that is said at once", async () => {
  const { looking, net } = await scene({ own: ["127.0.0.1/8", "::1/128"] });
  await assert.rejects(looking, { code: "NET_DNS" });
  assert.equal(net.links.length, 0);
});

test("NET-29 a network that cannot be used is left out; when none can, the reason is the cause", async () => {
  const [net, clock] = [new FakeDatagramNetwork(), new ManualClock()];
  net.ownAddresses = [interfaceAddress("192.168.1.5", 24)];
  const refusal = new ParleyError("NET_OS_DENIED", "Cannot bind");
  net.refusals.push(refusal);
  const { signal } = new AbortController();
  const looking = lookUpByMulticast({ net, clock }, testGrant(), { name: "printer.local", type: null, signal });
  await assert.rejects(looking, (error: ParleyError) => error.code === "NET_DNS" && error.cause === refusal);
});

test("NET-14 where neighbours cannot be told from others, nothing is asked", async () => {
  const [net, clock] = [new FakeDatagramNetwork(), new ManualClock()];
  net.ownAddresses = null;
  const { signal } = new AbortController();
  const looking = lookUpByMulticast({ net, clock }, testGrant(), { name: "printer.local", type: null, signal });
  await assert.rejects(looking, { code: "RUNTIME_UNSUPPORTED" });
  assert.equal(net.links.length, 0);
});

test("NET-29 a flood of answers is read as far as 64 addresses, and then judged", async () => {
  const { clock, looking, link } = await scene();
  for (let last = 6; last < 255; last++) link.arrive(answer(link, [192, 168, 1, last]), NEIGHBOUR);
  await clock.advance(100);
  assert.equal((await looking).length, 64);
});
