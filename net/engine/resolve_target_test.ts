import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { type AddressBlock, parseAddressBlock } from "../../core/ip_address.ts";
import { connectDescriptor } from "../../permissions/descriptor.ts";
import { type Grant, mintGrant } from "../../permissions/grant.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { FakeDatagramNetwork, interfaceAddress } from "../../tests/support/fake_datagrams.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import { type LookUpOptions, resolvePublicName, resolveTarget, vetFarEnd } from "./resolve_target.ts";

const OPTIONS: LookUpOptions & { readonly judgesFarEnd: boolean } = {
  dnsQueryType: null,
  signal: new AbortController().signal,
  judgesFarEnd: false,
};

/** A network that lets nothing be looked up. */
class NamedNetwork extends MemoryNetwork {
  override canResolve(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

async function texts(net: MemoryNetwork, host: string, options: Partial<typeof OPTIONS> = {}): Promise<string[]> {
  const grant = testGrant({ scheme: "udp", host, port: 53 });
  const addresses = await resolveTarget({ net, clock: new ManualClock() }, grant, { ...OPTIONS, ...options });
  for (const address of addresses) assert.ok(grant.covers(address, 53), "what was vetted is covered");
  return addresses.map(({ text }) => text);
}

test("NET-14 a name leads to all its addresses, in order, if every one of them is public", async () => {
  const net = new MemoryNetwork();
  net.addName("peer.example", "2620:fe::fe", "9.9.9.9", "149.112.112.112");
  assert.deepEqual(await texts(net, "peer.example"), ["2620:fe::fe", "9.9.9.9", "149.112.112.112"]);
  net.addName("rebind.example", "9.9.9.9", "192.168.1.1");
  await assert.rejects(texts(net, "rebind.example"), { code: "PERM_ADDRESS" });
});

test("DS-22 dnsQueryType limits names, literals and localhost to one family", async () => {
  const net = new MemoryNetwork();
  net.addName("peer.example", "2620:fe::fe", "9.9.9.9");
  assert.deepEqual(await texts(net, "peer.example", { dnsQueryType: "ipv4" }), ["9.9.9.9"]);
  assert.deepEqual(await texts(net, "localhost", { dnsQueryType: "ipv6" }), ["::1"]);
  assert.deepEqual(await texts(net, "9.9.9.9", { dnsQueryType: "ipv4" }), ["9.9.9.9"]);
  await assert.rejects(texts(net, "9.9.9.9", { dnsQueryType: "ipv6" }), { code: "NET_DNS" });
});

test("NET-24 a literal and localhost are not looked up", async () => {
  const net = new MemoryNetwork();
  assert.deepEqual(await texts(net, "192.168.1.20"), ["192.168.1.20"]);
  assert.deepEqual(await texts(net, "localhost"), ["127.0.0.1", "::1"]);
  assert.deepEqual(net.log, []);
});

test("NET-08 where the runtime's permissions name the host alone, a name is refused with the reason, and nothing is looked up", async () => {
  const net = new NamedNetwork();
  for (const host of ["peer.example", "localhost"]) {
    await assert.rejects(
      texts(net, host),
      (error) => error instanceof ParleyError && error.code === "RUNTIME_UNSUPPORTED" && error.message.includes(host),
    );
  }
  assert.deepEqual(await texts(net, "9.9.9.9"), ["9.9.9.9"]);
  assert.deepEqual(net.log, []);
});

function grantByRule(host: string, addresses: readonly string[]): Grant {
  const { requester, destination, lifetime, signal } = testGrant({ host, port: 445 });
  const descriptor = connectDescriptor({ destination, port: 445 });
  const blocks = addresses.map((text) => parseAddressBlock(text) as AddressBlock);
  const terms = { addresses: blocks, skipCors: false };
  const connected = (): void => {};
  return mintGrant({ requester, descriptor, destination, lifetime, source: "operator", terms, signal, connected });
}

test("NET-14 a name that leads to this machine or a neighbour is refused by today's addresses, public as they are", async () => {
  const net = new FakeDatagramNetwork();
  net.ownAddresses = [interfaceAddress("2a00:1:2:3::5", 64)];
  for (const address of ["2a00:1:2:3::5", "2a00:1:2:3::99"]) {
    net.addName("home.example", "9.9.9.9", address);
    await assert.rejects(texts(net, "home.example"), { code: "PERM_ADDRESS" });
  }
});

test("NET-14 the blocks of the rule that decided hold for its name, on the grant of a reconnection too", async () => {
  const net = new FakeDatagramNetwork();
  net.ownAddresses = [interfaceAddress("192.168.1.5", 24)];
  net.addName("nas.lan", "192.168.1.20");
  const look = async (grant: Grant): Promise<string[]> =>
    (await resolveTarget({ net, clock: new ManualClock() }, grant, OPTIONS)).map(({ text }) => text);
  assert.deepEqual(await look(grantByRule("nas.lan", ["192.168.1.0/24"])), ["192.168.1.20"]);
  await assert.rejects(look(grantByRule("nas.lan", [])), { code: "PERM_ADDRESS" });
  await assert.rejects(look(testGrant({ host: "nas.lan", port: 445 })), { code: "PERM_ADDRESS" });
});

test("NET-14 where this machine's addresses are hidden, a name is looked up only if the far end is judged later", async () => {
  const net = new FakeDatagramNetwork();
  net.ownAddresses = null;
  net.addName("peer.example", "9.9.9.9");
  await assert.rejects(texts(net, "peer.example"), { code: "RUNTIME_UNSUPPORTED" });
  assert.deepEqual(net.log, [], "nothing left");
  assert.deepEqual(await texts(net, "peer.example", { judgesFarEnd: true }), ["9.9.9.9"]);
  assert.deepEqual(await texts(net, "9.9.9.9"), ["9.9.9.9"]);
});

function ends(local: string, remote: string): { near: MemoryLink; far: MemoryLink } {
  const { client, server } = linkPair({
    client: { address: local, port: 5000 },
    server: { address: remote, port: 25 },
  });
  return { near: client, far: server };
}

const FAR_ENDS:
  readonly (readonly [title: string, local: string, remote: string, listed: string[] | null, ok: boolean])[] = [
    ["is this machine, whatever the list says", "81.2.3.4", "81.2.3.4", [], false],
    ["is this machine, where the list is hidden", "2a00:1:2:3::5", "2a00:1:2:3::5", null, false],
    ["is likely a neighbour, where the list is hidden", "2a00:1:2:3::5", "2a00:1:2:3:4::9", null, false],
    ["is likely an IPv4 neighbour, where the list is hidden", "81.2.3.4", "81.2.3.200", null, false],
    ["is a neighbour on another network by now", "10.0.0.1", "81.2.3.9", ["81.2.3.4"], false],
    ["is on the next network, where the list is hidden", "2a00:1:2:3::5", "2a00:1:2:4::9", null, true],
    ["is far away, where the list is hidden", "192.168.1.5", "9.9.9.9", null, true],
    ["is public beside an address of this machine that is listed", "81.2.3.4", "81.2.9.9", ["81.2.3.4"], true],
  ];

for (const [title, local, remote, listed, ok] of FAR_ENDS) {
  test(`NET-14 a connection by name whose far end ${title} is ${ok ? "taken" : "broken off"}`, async () => {
    const net = new FakeDatagramNetwork();
    net.ownAddresses = listed === null ? null : listed.map((text) => interfaceAddress(text, 24));
    const { near, far } = ends(local, remote);
    const grant = testGrant({ host: "mail.example", port: 25 });
    const judge = (): void => vetFarEnd({ net, clock: new ManualClock() }, grant, near);
    if (ok) {
      judge();
      assert.ok(grant.covers(remote, 25));
      near.close();
    } else {
      assert.throws(judge, { code: "PERM_ADDRESS" });
      await assert.rejects(far.readChunk(), { code: "NET_RESET" });
    }
  });
}

test("NET-28 under an approval for every public address no name leads home, and .local is none", async () => {
  const net = new FakeDatagramNetwork();
  net.ownAddresses = [interfaceAddress("2a00:1:2:3::5", 64)];
  net.addName("router.example", "9.9.9.9");
  net.addName("home.example", "9.9.9.9", "2a00:1:2:3::99");
  const grant = testGrant({ scheme: "udp-peers", host: "0.0.0.0", port: 6881 });
  const look = async (name: string): Promise<string[]> => {
    const { signal } = OPTIONS;
    const target = testGrant({ host: name }).destination.host;
    return (await resolvePublicName({ net, clock: new ManualClock() }, grant, { target, port: 6881, signal }))
      .map(({ text }) => text);
  };
  assert.deepEqual(await look("router.example"), ["9.9.9.9"]);
  await assert.rejects(look("home.example"), { code: "PERM_ADDRESS" });
  await assert.rejects(look("node.local"), { code: "PERM_ADDRESS" });
  await assert.rejects(look("localhost"), { code: "PERM_ADDRESS" });
  assert.deepEqual(net.log, ["resolve router.example", "resolve home.example"]);
  await assert.rejects(
    resolvePublicName({ net: new HiddenNetwork(), clock: new ManualClock() }, grant, {
      target: testGrant({ host: "router.example" }).destination.host,
      port: 6881,
      signal: OPTIONS.signal,
    }),
    { code: "RUNTIME_UNSUPPORTED" },
  );
});

class HiddenNetwork extends FakeDatagramNetwork {
  override ownAddresses = null;
}
