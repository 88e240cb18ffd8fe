import assert from "node:assert/strict";
import { applyRestriction } from "../../../permissions/restrict.ts";
import { brokerFixture } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { requestFor } from "../../../tests/support/test_grant.ts";
import { MAX_SENDERS } from "./answer_budget.ts";
import { GivenUp, type Restrictions } from "./given_up.ts";

const LISTEN = requestFor("listen+udp://0.0.0.0:5000");

test("CON-16 what is given up is given up from then on, and what was asked about before is asked about anew", () => {
  const { broker } = brokerFixture([]);
  const givenUp = new GivenUp(broker, LISTEN);
  assert.deepEqual([givenUp.has("9.9.9.9", 53), givenUp.has("9.9.9.9", 54)], [false, false]);
  applyRestriction(broker, { deny: ["udp://*:53"] });
  assert.deepEqual([givenUp.has("9.9.9.9", 53), givenUp.has("9.9.9.9", 54)], [true, false]);
  assert.deepEqual([givenUp.has("fe80::1%eth0", 53), givenUp.has("mail.example", 53)], [true, true]);
});

test("NET-27 a place is asked about once, and nothing is made for it after that", () => {
  const asked: string[] = [];
  const restrictions: Restrictions = {
    isRestricted: ({ destination }) => {
      asked.push(destination?.host.text ?? "");
      return false;
    },
    onChange: () => () => {},
  };
  const givenUp = new GivenUp(restrictions, LISTEN);
  for (let count = 0; count < 100; count++) givenUp.has("9.9.9.9", 53);
  assert.deepEqual(asked, ["9.9.9.9"]);
  for (let port = 1; port <= MAX_SENDERS; port++) givenUp.has("9.9.9.8", port);
  givenUp.has("9.9.9.9", 53);
  assert.equal(asked.length, MAX_SENDERS + 2, "the oldest made room");
});

test("NET-28 with udp-peers given up, no new peer is served by a socket that has it; a listener's answers are not meant", () => {
  const { broker } = brokerFixture([]);
  const peers = new GivenUp(broker, requestFor("udp-peers://0.0.0.0:6881"));
  const listener = new GivenUp(broker, LISTEN);
  broker.restrict(({ name }) => name === "udp-peers" || name === "listen");
  assert.deepEqual([peers.has("9.9.9.9", 53), listener.has("9.9.9.9", 53)], [true, false]);
});

test("NET-27 what is no destination is left to whoever refuses it with the reason", () => {
  const { broker } = brokerFixture([]);
  broker.restrict(() => true);
  assert.deepEqual([new GivenUp(broker, LISTEN).has("127.1", 53), new GivenUp(broker, LISTEN).has("9.9.9.9", 0)], [
    false,
    false,
  ]);
});

test("NET-27 a socket that is over hears of nothing more", () => {
  let listeners = 0;
  const restrictions: Restrictions = {
    isRestricted: () => false,
    onChange: () => {
      listeners++;
      return () => void listeners--;
    },
  };
  const givenUp = new GivenUp(restrictions, LISTEN);
  assert.equal(listeners, 1);
  givenUp.end();
  assert.equal(listeners, 0);
});
