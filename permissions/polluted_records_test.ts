/**
 * What is read from files after `Object.prototype` was polluted says what it says otherwise (CORE-01). Everything here is
 * synchronous, so that nobody else meets the pollution. Whole processes are in tests/heavy/polluted_decisions_test.ts.
 */
import assert from "node:assert/strict";
import { ManualClock } from "../core/manual_clock.ts";
import { nodeDigest } from "../runtime/_node/append_log_place.ts";
import { brokerFixture, REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { MemoryAppendLog } from "../tests/fuzz/audit_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../tests/support/memory_record_directory.ts";
import { HOSTILE_NAMES, polluteWith } from "../tests/heavy/programs/hostile_names.ts";
import { AttemptLimits, NO_COUNTER } from "./attempt_limits.ts";
import { AuditLog } from "./audit/audit_log.ts";
import { parseAuditLine } from "./audit/parse_audit_line.ts";
import { decide, type DecisionFacts } from "./decision.ts";
import { PinStore } from "./pins/pin_store.ts";
import type { PeerKeyFacts } from "./pins/peer_key_facts.ts";
import { PolicyLoader } from "./policy/policy_loader.ts";
import type { PolicyFileText } from "./policy/policy_files_port.ts";
import type { Requester } from "./requester.ts";
import { FileStore } from "./store/file_store.ts";

const MAIL = tcp("mail.example", 25);
const WEB = tcp("web.example", 80);
const LIBRARY: Requester = { ...REQUESTER, origin: "npm:mqtt", role: "library", inside: "file:///home/me/main.ts" };
const LIMIT = { burst: 2, perSecond: 1 };
const POLICY = {
  version: 1,
  audit: "on",
  limits: { requester: LIMIT, accountPerMinute: 10 },
  rules: [
    { effect: "allow", to: ["nas.example:445", "mail.example:25"], addresses: ["192.168.1.0/24"], until: "2030-01-01" },
    { effect: "deny", to: "*:26", origin: "/home/me/main.ts" },
    { effect: "deny", feature: "listen", note: "no servers" },
  ],
};
const FACTS: DecisionFacts = {
  insecure: null,
  context: "allowed",
  restricted: false,
  runtime: "granted",
  stored: null,
  limited: false,
  blocked: false,
  timeMs: Date.UTC(2026, 0, 1),
};
const KEY: PeerKeyFacts = {
  host: "nas.example",
  port: 445,
  reason: null,
  chainError: null,
  subject: "CN=nas",
  issuer: "CN=nas",
  subjectAltName: "",
  validFromMs: 0,
  validToMs: Date.UTC(2030, 0, 1),
  certSha256: "aa".repeat(32),
  spkiSha256: "bb".repeat(32),
};

/** Everything that is read and decided, as text. */
function situation(): { read(): string } {
  const clock = new ManualClock();
  const records = new MemoryRecordDirectory(clock);
  const store = new FileStore({ directory: records, clock, report: assert.fail });
  store.put(REQUESTER, WEB, { effect: "allow", lifetime: "always" });
  store.put(LIBRARY, MAIL, { effect: "deny", lifetime: "always" });
  const pins = new MemoryRecordDirectory(clock);
  new PinStore(pins, clock).put(KEY, { replacesChecks: true });
  let texts: readonly PolicyFileText[] = [];
  const reports: string[] = [];
  const policy = new PolicyLoader({
    files: { read: () => texts, watch: () => () => {}, writable: () => false },
    clock,
    launchRules: [],
    report: (line) => reports.push(line),
  });
  const log = new MemoryAppendLog();
  const audit = new AuditLog({
    log,
    digest: nodeDigest,
    clock,
    policy,
    pid: 1,
    report: (line) => reports.push(line),
  });
  const { broker } = brokerFixture([], { policy });
  const read = (): string => {
    const out: unknown[] = [];
    texts = [{ author: "operator", path: "/home/me/policy.json", text: JSON.stringify(POLICY) }];
    policy.reload();
    const { current } = policy;
    out.push([current.rules, current.settings, current.broken]);
    const again = new FileStore({ directory: records, clock, report: (line) => reports.push(line) });
    for (const requester of [REQUESTER, LIBRARY]) {
      for (const descriptor of [MAIL, WEB, tcp("mail.example", 26), tcp("other.example", 25)]) {
        const stored = again.find(requester, descriptor);
        out.push(stored?.effect ?? null, decide({ requester, descriptor }, current, { ...FACTS, stored }));
        const asked = { requester, descriptor, timeMs: FACTS.timeMs };
        const { addresses, skipCors, key } = current.terms(asked);
        out.push([addresses.length, skipCors, key]);
        audit.record({
          event: "decision",
          decision: "ask",
          by: null,
          rule: null,
          unenforced: false,
          facts: FACTS,
          ...asked,
        });
      }
    }
    const pin = new PinStore(pins, clock).find("nas.example", 445);
    out.push(pin, new PinStore(pins, clock).find("nas.example", 446));
    const limits = new AttemptLimits({ clock, counter: NO_COUNTER, settings: () => current.settings.limits });
    out.push([1, 2, 3].map(() => limits.take(LIBRARY, MAIL)));
    out.push(broker.state(REQUESTER, "direct-sockets", null), broker.state(REQUESTER, "listen", null));
    out.push(log.lines.map((line) => [line.replace(/"run":"[0-9a-f]*"/, ""), parseAuditLine(line)]), reports);
    return JSON.stringify(out)
      .replace(/[0-9a-f]{64}/g, "HASH")
      .replace(/\\?"(?:run|id|storedId)\\?":\\?"[0-9a-f]+\\?"/g, "ID");
  };
  return { read };
}

test("CORE-01 policy files, remembered answers, pins, limits and the log are what they are, whatever is on Object.prototype", () => {
  const clean = situation().read();
  assert.match(clean, /192\.168\.1\.0\/24.*"allow".*replacesChecks.*\[true,true,false\]/);
  for (const names of [Object.keys(HOSTILE_NAMES), ...Object.keys(HOSTILE_NAMES).map((name) => [name])]) {
    const polluted = situation();
    const undo = polluteWith(names);
    let read = "";
    try {
      read = polluted.read();
    } finally {
      undo();
    }
    assert.equal(read, clean, names.length === 1 ? names[0] : "all of them");
  }
});
