import assert from "node:assert/strict";
import { parseDestination, parseDestinationPattern } from "../core/destination.ts";
import { parseIpAddress } from "../core/ip_address.ts";
import { brokerFixture, ONCE, REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { policy, rule } from "../tests/support/policy_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { connectDescriptor, type Descriptor } from "./descriptor.ts";
import { fixedPolicy } from "./policy.ts";
import { refusesDestination } from "./refuses_destination.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

for (
  const [refused, asked, reaches] of [
    ["localhost:80", "127.0.0.1:80", true],
    ["localhost:80", "127.9.9.9:80", true],
    ["localhost:80", "[::1]:80", true],
    ["localhost:80", "evil.localhost:80", true],
    ["localhost:80", "127.0.0.1:81", false],
    ["localhost:80", "192.168.1.1:80", false],
    ["localhost:80", "mail.example:80", false],
    ["udp://localhost:80", "127.0.0.1:80", false],
    ["a.localhost:80", "localhost:80", true],
    ["127.0.0.1:80", "localhost:80", true],
    ["[fe80::1]:80", "[fe80::1%eth0]:80", true],
    ["[fe80::1%eth0]:80", "[fe80::1%eth1]:80", false],
    ["[fe80::1%eth0]:80", "[fe80::2%eth0]:80", false],
    ["listen://0.0.0.0:80", "listen://[::]:80", true],
    ["listen://[::]:80", "listen://0.0.0.0:80", true],
    ["listen://192.168.1.5:80", "listen://0.0.0.0:80", true],
    ["listen://192.168.0.0/16:*", "listen://[::]:80", true],
    ["listen://[2001:db8::1]:80", "listen://0.0.0.0:80", false],
    ["listen://localhost:80", "listen://0.0.0.0:80", true],
    ["listen://192.168.1.5:80", "listen://0.0.0.0:81", false],
    ["listen://192.168.1.5:80", "listen+udp://0.0.0.0:80", false],
    ["listen://0.0.0.0:80", "listen://127.0.0.1:80", false],
    [`127.0.0.1:80#spki=${"ab".repeat(32)}`, "127.0.0.1:80", false],
    [`localhost:80#spki=${"ab".repeat(32)}`, "127.0.0.1:80", false],
  ] as const
) {
  test(`CON-17 a refusal of ${refused.slice(0, 40)} is ${reaches ? "one" : "none"} of ${asked}`, () => {
    const pattern = parseDestinationPattern(refused, { wildcards: true });
    assert.equal(refusesDestination(pattern, parseDestination(asked)), reaches);
  });
}

test("CON-17 no name leads to an address that a rule refuses, whoever approved the name", async () => {
  const rules = [rule("managed", "deny", "203.0.113.0/24:25"), rule("operator", "deny", "9.9.9.9:25")];
  const { broker } = brokerFixture([ONCE, ONCE, ONCE], { policy: fixedPolicy(policy(rules)), allow: [] });
  const lookUp = async (port: number, text: string): Promise<void> => {
    const address = parseIpAddress(text);
    assert.ok(address !== null);
    (await broker.request(REQUESTER, tcp("mail.example", port), options)).vet([address]);
  };
  await assert.rejects(lookUp(25, "9.9.9.9"), { code: "PERM_ADDRESS", message: /a rule refuses/ });
  await lookUp(25, "9.9.9.10");
  await lookUp(26, "9.9.9.9");
});

test("CON-23 a policy that only watches does not look where names lead either", async () => {
  const rules = [rule("managed", "deny", "9.9.9.9:25")];
  const { broker } = brokerFixture([], { policy: fixedPolicy(policy(rules, { auditOnly: true })) });
  const address = parseIpAddress("9.9.9.9");
  assert.ok(address !== null);
  assert.equal((await broker.request(REQUESTER, tcp("mail.example", 25), options)).vet([address]).length, 1);
});

test("CON-17 what leaves without a decision of its own is refused as any request would be", () => {
  const to = (text: string): Descriptor => {
    const destination = parseDestination(text);
    return connectDescriptor({ destination, transport: "udp", port: destination.port });
  };
  const rules = [rule("managed", "deny", "udp://9.9.9.0/24:*")];
  const { broker } = brokerFixture([], { policy: fixedPolicy(policy(rules)) });
  assert.equal(broker.isRefused(REQUESTER, to("udp://9.9.9.9:53")), true);
  assert.equal(broker.isRefused(REQUESTER, to("udp://8.8.8.8:53")), false);
  broker.restrict(({ port }) => port === 53);
  assert.equal(broker.isRefused(REQUESTER, to("udp://8.8.8.8:53")), true);
  const watching = brokerFixture([], { policy: fixedPolicy(policy(rules, { auditOnly: true })) });
  assert.equal(watching.broker.isRefused(REQUESTER, to("udp://9.9.9.9:53")), false);
});
