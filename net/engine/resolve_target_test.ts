import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import { type LookUpOptions, resolveTarget } from "./resolve_target.ts";

const OPTIONS: LookUpOptions = { dnsQueryType: null, signal: new AbortController().signal };

/** A network that lets nothing be looked up. */
class NamedNetwork extends MemoryNetwork {
  override canResolve(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

async function texts(net: MemoryNetwork, host: string, options: Partial<LookUpOptions> = {}): Promise<string[]> {
  const grant = testGrant({ scheme: "udp", host, port: 53 });
  const addresses = await resolveTarget(net, grant, { ...OPTIONS, ...options });
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
