import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { mainRequester } from "../main_requester.ts";
import type { Requester } from "../requester.ts";
import { ACT_MS, Activation, type ActivationState, IGNORED_MS } from "./activation.ts";

function requester(origin: string, more: Partial<Requester> = {}): Requester {
  return { ...mainRequester("file:///a/main.ts", 1), origin, ...more };
}

const MAIN = requester("file:///a/main.ts");

function taken(activation: Activation, count: number, who: Requester = MAIN): ActivationState[] {
  return Array.from({ length: count }, () => activation.take(who));
}

test("NET-11 the start in the foreground counts for the first three questions of an origin", () => {
  const activation = new Activation(new ManualClock(), true);
  assert.deepEqual(taken(activation, 5), ["act", "act", "act", "announce", "announce"]);
  assert.deepEqual(taken(activation, 4, requester("npm:other")), ["act", "act", "act", "announce"]);
});

test("NET-11 the start in the background counts for none", () => {
  assert.deepEqual(taken(new Activation(new ManualClock(), false), 1), ["announce"]);
});

test("NET-11 a yes counts for one question within five seconds, and not after", async () => {
  const clock = new ManualClock();
  const activation = new Activation(clock, false);
  activation.answered({ yes: true });
  await clock.advance(ACT_MS);
  assert.deepEqual(taken(activation, 2), ["act", "announce"]);
  activation.answered({ yes: true });
  await clock.advance(ACT_MS + 1);
  assert.deepEqual(taken(activation, 1), ["announce"]);
  activation.answered({ yes: true });
  activation.answered({ yes: false });
  assert.deepEqual(taken(activation, 1), ["announce"], "a no ends the matter");
});

test("NET-11 whoever was not looked at is not announced again for a minute; others are, and a yes counts for them", async () => {
  const clock = new ManualClock();
  const activation = new Activation(clock, false);
  activation.ignored(MAIN);
  await clock.advance(IGNORED_MS - 1);
  assert.deepEqual(taken(activation, 2), ["ignored", "ignored"]);
  assert.deepEqual(taken(activation, 1, requester("npm:other")), ["announce"]);
  activation.answered({ yes: true });
  assert.deepEqual(taken(activation, 2), ["act", "ignored"]);
  await clock.advance(1);
  assert.deepEqual(taken(activation, 1), ["announce"]);
});

test("NET-11 no number of names gives more than a few free questions", () => {
  const activation = new Activation(new ManualClock(), true);
  const anonymous = Array.from({ length: 50 }, (_, n) => activation.take(requester(`opaque:${n}`, { kind: "opaque" })));
  assert.equal(anonymous.filter((state) => state === "act").length, 3);
  const named = Array.from({ length: 1_000 }, (_, n) => activation.take(requester(`npm:a${n}`)));
  assert.ok(named.filter((state) => state === "act").length < 20);
});

test("NET-11 a command of Parley's own was given by the operator", () => {
  const activation = new Activation(new ManualClock(), false);
  const command = requester("parley:udp", { role: "command" });
  assert.deepEqual(taken(activation, 4, command), ["act", "act", "act", "act"]);
});
