import assert from "node:assert/strict";
import { brokerFixture, REQUESTER, RUN, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { applyRestriction } from "./restrict.ts";
import { connectDescriptor } from "./descriptor.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

async function isRefused(deny: string, host: string, port: number): Promise<boolean> {
  const { broker, questions } = brokerFixture([RUN]);
  applyRestriction(broker, { deny: [deny] });
  const outcome = await broker.request(REQUESTER, tcp(host, port), options).then(() => false, () => true);
  assert.equal(questions.length, outcome ? 0 : 1);
  return outcome;
}

for (
  const [deny, host, port, refused] of [
    ["*:25", "mail.example", 25, true],
    ["*:25", "localhost", 25, true],
    ["*:25", "192.168.1.1", 25, true],
    ["*:25", "169.254.169.254", 25, true],
    ["*:25", "mail.example", 26, false],
    ["127.0.0.0/8:*", "localhost", 80, true],
    ["127.0.0.1:80", "localhost", 80, true],
    ["10.0.0.0/8:1-1024", "10.1.2.3", 1024, true],
    ["10.0.0.0/8:1-1024", "10.1.2.3", 1025, false],
    ["*.b.example:*", "a.b.example", 1, true],
    ["mail.example:25", "mail.example", 25, true],
    ["mail.example:25", "other.example", 25, false],
  ] as const
) {
  test(`CON-16 after restrict({deny: ["${deny}"]}) ${host} port ${port} is ${refused ? "refused" : "asked about"}`, async () => {
    assert.equal(await isRefused(deny, host, port), refused);
  });
}

test("CON-16 restrict({everything: true}) refuses everything, a host to be chosen included", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  applyRestriction(broker, { everything: true });
  const open = connectDescriptor({ destination: null, port: 25 });
  await assert.rejects(broker.request(REQUESTER, open, options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 0);
});
