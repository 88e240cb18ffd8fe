import assert from "node:assert/strict";
import { connectDescriptor } from "../descriptor.ts";
import type { DecisionFacts } from "../decision.ts";
import { mainRequester } from "../main_requester.ts";
import type { Requester } from "../requester.ts";
import { parseDestination } from "../../core/destination.ts";
import { auditFixture } from "../../tests/fuzz/audit_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { MAX_LINE_BYTES } from "./audit_record.ts";
import { parseAuditLine } from "./parse_audit_line.ts";
import { isLoggedAs, loggedText } from "./audit_text.ts";
import { HARMLESS_FACTS } from "../../tests/support/policy_fixture.ts";

const REQUESTER = mainRequester("file:///home/me/main.ts", 42);
const FACTS: DecisionFacts = HARMLESS_FACTS;

function imap(): ReturnType<typeof connectDescriptor> {
  const tls = {
    mode: "open",
    serverName: "imap.example",
    caSha256: null,
    clientCertSha256: null,
    required: true,
  } as const;
  return connectDescriptor({ destination: parseDestination("tls://imap.example:993"), port: 993, tls });
}

test("CON-22 a line has version, time, run, process, number, the hash of the line before, and the whole decision", () => {
  const { audit, log } = auditFixture();
  audit.record({
    event: "decision",
    requester: REQUESTER,
    descriptor: imap(),
    facts: FACTS,
    decision: "ask",
    by: null,
    rule: null,
    unenforced: false,
  });
  const [first = "", second = ""] = log.lines;
  const { run, ...line } = JSON.parse(second);
  assert.match(run, /^[0-9a-f]{16}$/);
  assert.deepEqual(line, {
    v: 1,
    time: "2026-01-01T00:00:00.000Z",
    pid: 42,
    seq: 2,
    prev: nodeDigest.sha256(first),
    event: "decision",
    decision: "ask",
    by: null,
    rule: null,
    unenforced: false,
    hashed: false,
    who: {
      origin: "file:///home/me/main.ts",
      kind: "file",
      role: "program",
      inside: null,
      evidence: "claimed",
      rememberable: true,
      insecure: null,
      main: null,
    },
    what: {
      feature: "direct-sockets",
      transport: "tcp",
      to: "tls://imap.example:993",
      port: 993,
      tls: { mode: "open", name: "imap.example", ca: null, client: null, required: true },
      via: null,
      broadcast: false,
      source: null,
    },
    facts: FACTS,
    policy: JSON.parse(first).policy,
  });
  assert.equal(JSON.parse(first).prev, "0".repeat(64));
});

test("CON-11 whatever a program, a certificate or a file name holds, a line is printable ASCII without a line end", () => {
  const { audit, log } = auditFixture();
  const nasty = "\u001b[31m\r\n\u202e\u0000\u009b\ud800-\u{1f600}\u2028 \u00e9";
  const requester: Requester = { ...REQUESTER, origin: nasty, insecure: nasty };
  audit.record({ event: "failed", requester, descriptor: imap(), address: nasty, detail: nasty });
  for (const line of log.lines) assert.match(line, /^[\x20-\x7e]+$/);
  const record = log.records[1];
  assert.ok(record?.event === "failed");
  assert.equal(record.who.origin, nasty);
  assert.equal(record.detail, nasty);
});

test("CON-22 a line fits into 4,096 bytes however long its parts are, and what is cut keeps its hash", () => {
  const { audit, log } = auditFixture();
  for (const unit of ["x", "\u00fc", "\u0000", "\u{1f600}"]) {
    const long = unit.repeat(100_000);
    const requester: Requester = { ...REQUESTER, origin: `file:///${long}`, inside: long, insecure: long };
    const host = { kind: "name", text: long, address: null } as const;
    const destination = { scheme: "tcp", host, port: 1, spki: null } as const;
    const via = { protocol: "http", destination, remoteDns: true } as const;
    const descriptor = connectDescriptor({ destination, port: 1, via, tls: { ...imap().tls!, serverName: long } });
    const stored = { effect: "allow", lifetime: "always", id: long, changed: long } as const;
    const facts = { ...FACTS, insecure: long, stored };
    assert.ok(
      audit.record({
        event: "decision",
        requester,
        descriptor,
        facts,
        decision: "deny",
        by: "insecure",
        rule: long,
        unenforced: false,
      }),
    );
    assert.ok(audit.record({ event: "failed", requester, descriptor, address: long, detail: long }));
    assert.ok(audit.record({ event: "answer", requester, descriptor, answer: long }));
    assert.ok(audit.record({ event: "revoked", requester, descriptor, reason: long }));
    const record = log.records.at(-1);
    assert.ok(record?.event === "revoked");
    assert.ok(isLoggedAs(long, record.reason, nodeDigest));
    assert.ok(!isLoggedAs(`${long.slice(0, -1)}y`, record.reason, nodeDigest));
  }
  for (const line of log.lines) assert.ok(line.length < MAX_LINE_BYTES, String(line.length));
});

test("CON-22 a cut text keeps both ends, and one that cannot be told from it is written the same way", () => {
  const text = `${"a".repeat(60)}MIDDLE${"z".repeat(60)}`;
  const cut = loggedText(text, 40, nodeDigest);
  assert.deepEqual(cut, {
    cut: `${"a".repeat(20)}...${"z".repeat(20)}`,
    sha256: nodeDigest.sha256(text),
    length: 126,
  });
  assert.equal(loggedText(text, 126, nodeDigest), text);
  assert.notEqual(loggedText(`${text}\u0001`, 131, nodeDigest), `${text}\u0001`);
  assert.equal(loggedText(`${text}\u0001`, 132, nodeDigest), `${text}\u0001`);
});

test("CON-22 no line holds what a program says about itself, the modules of its code, or TLS keys", () => {
  const { audit, log } = auditFixture();
  const modules = [{ url: "file:///home/me/secret_module.ts", sha256: "d".repeat(64) }];
  const requester = { ...REQUESTER, modules, claim: "SECRET CLAIM" };
  const descriptor = { ...imap(), tls: { ...imap().tls!, key: "PRIVATE KEY" } };
  audit.record({ event: "opened", requester, descriptor, address: "192.0.2.1", detail: null });
  assert.doesNotMatch(log.lines.join("\n"), /secret_module|SECRET|PRIVATE/);
});

test("CON-22 garbage, half lines and lines with keys that reach prototypes are problems, never exceptions", () => {
  const { audit, log } = auditFixture();
  audit.record({ event: "opened", requester: REQUESTER, descriptor: imap(), address: null, detail: null });
  const whole = log.lines[1] ?? "";
  for (
    const [line, problem] of [
      ["", /not JSON/],
      ["null", /no line of this log/],
      ["[]", /no line of this log/],
      ["{}", /no line of this log/],
      ["[".repeat(4000), /not JSON/],
      [whole.slice(0, -1), /not JSON/],
      [whole.replace('"v":1', '"v":2'), /no line of this log/],
      [whole.replace('"event":"opened"', '"event":"invented"'), /cannot be understood: event/],
      [whole.replace('"port":993', '"port":-1'), /cannot be understood: what\.port/],
      [whole.replace('"v":1', '"v":1,"__proto__":{"event":"end"}'), /a key that no line has/],
      [whole.replace('"v":1', '"v":1,"x":{"constructor":1}'), /a key that no line has/],
      [`${whole}\u0007`, /not printable ASCII/],
      [`{"x":"${"x".repeat(4100)}"}`, /longer than 4096 bytes/],
    ] as const
  ) {
    const parsed = parseAuditLine(line);
    assert.ok(parsed.kind === "problem", line);
    assert.match(parsed.problem, problem, line);
  }
  assert.equal(parseAuditLine(whole).kind, "record");
});

test("CON-22 a request that a Worker made up fits its line, too, whatever stands where little should", () => {
  const { audit, log } = auditFixture();
  const long = "\u00e9".repeat(1_900);
  const odd = { mode: long, serverName: long, caSha256: long, clientCertSha256: { long }, required: long };
  const via = { protocol: long, destination: parseDestination("proxy.example:1080"), remoteDns: long };
  const descriptor = { ...imap(), tls: odd, via, broadcast: long };
  audit.record({ event: "answer", requester: REQUESTER, descriptor: descriptor as never, answer: "once" });
  const group = { ...imap(), name: "direct-sockets-multicast", transport: "udp", tls: null, source: long };
  audit.record({ event: "answer", requester: REQUESTER, descriptor: group as never, answer: "once" });
  assert.equal(log.lines.length, 3);
  for (const line of log.lines) assert.ok(line.length < MAX_LINE_BYTES, String(line.length));
});
