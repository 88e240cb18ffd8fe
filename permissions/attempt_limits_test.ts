import assert from "node:assert/strict";
import { makeDestination } from "../core/destination.ts";
import { canonicalHost } from "../core/host.ts";
import { ManualClock } from "../core/manual_clock.ts";
import { REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { type AttemptLimit, AttemptLimits, NO_COUNTER } from "./attempt_limits.ts";
import { connectDescriptor } from "./descriptor.ts";
import type { Requester } from "./requester.ts";

const FREE: AttemptLimit = { burst: 1_000_000, perSecond: 0 };

function limited(to: { readonly requester?: AttemptLimit; readonly destination?: AttemptLimit }): AttemptLimits {
  const settings = { requester: FREE, destination: FREE, accountPerMinute: 1_000_000, ...to };
  return new AttemptLimits({ clock: new ManualClock(), counter: NO_COUNTER, settings: () => settings });
}

test("NET-10 attempts at ten thousand destinations give a program none back", () => {
  const limits = limited({ requester: { burst: 3, perSecond: 0 } });
  let made = 0;
  for (let n = 0; n < 25_000; n++) if (limits.take(REQUESTER, tcp(`host${n}.example`, 25))) made++;
  assert.equal(made, 3);
});

test("NET-10 what libraries try counts as their program's, however many they are", () => {
  const limits = limited({ requester: { burst: 3, perSecond: 0 } });
  let made = 0;
  for (let n = 0; n < 10; n++) {
    const library: Requester = { ...REQUESTER, origin: `npm:library${n}`, role: "library", inside: REQUESTER.origin };
    if (limits.take(library, tcp(`host${n}.example`, 25))) made++;
  }
  assert.equal(made, 3);
  assert.equal(limits.take(REQUESTER, tcp("mail.example", 25)), false);
});

test("NET-10 another key or scheme makes it no other destination, another transport does", () => {
  const limits = limited({ destination: { burst: 3, perSecond: 0 } });
  const host = canonicalHost("mail.example");
  let made = 0;
  for (let n = 0; n < 10; n++) {
    const scheme = n % 2 === 0 ? "tcp" : "tls";
    const destination = makeDestination({ scheme, host, port: 25, spki: `${n}`.repeat(64) });
    if (limits.take(REQUESTER, connectDescriptor({ destination, port: 25 }))) made++;
  }
  assert.equal(made, 3);
  const udp = makeDestination({ scheme: "udp", host, port: 25 });
  assert.equal(limits.take(REQUESTER, connectDescriptor({ destination: udp, transport: "udp", port: 25 })), true);
});
