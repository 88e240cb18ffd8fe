import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { ambientContext } from "./ambient.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

// Outside the test: they watch the policy files until the process ends.
const first = await ambientContext();
const copy = "./ambient.ts?second-copy";
const second = await (await import(copy) as { ambientContext: typeof ambientContext }).ambientContext();

test("CON-19 a second copy of Parley in the process refuses everything, and the first goes on", async () => {
  assert.equal(await ambientContext(), first);
  assert.notEqual(second.broker, first.broker);
  const refused = second.broker.request(REQUESTER, tcp("mail.example", 25), options);
  await assert.rejects(refused, { code: "PERM_CONTEXT" });
  first.broker.restrict(() => true);
  const restricted = first.broker.request(REQUESTER, tcp("mail.example", 25), options);
  await assert.rejects(restricted, { code: "PERM_DENIED" });
}, { leaves: "the process's own broker watches files, and sums up refusals, until it ends" });
