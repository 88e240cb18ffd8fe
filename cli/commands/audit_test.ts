import assert from "node:assert/strict";
import { connectDescriptor } from "../../permissions/descriptor.ts";
import type { Requester } from "../../permissions/requester.ts";
import { auditedDay, decided, REFUSED, runAuditCommand } from "../../tests/fuzz/audit_command_fixture.ts";
import { auditFixture } from "../../tests/fuzz/audit_fixture.ts";
import { REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { policy } from "../../tests/support/policy_fixture.ts";
import { fixedPolicy } from "../../permissions/policy.ts";
import { test } from "../../tests/support/harness.ts";

test("CON-22 parley audit show tells when, what, what came of it, by what, and for whom", async () => {
  const { text, log } = await auditedDay();
  const { status, out, errors } = await runAuditCommand(["show"], [text]);
  assert.equal(status, 0, errors);
  assert.equal(
    out,
    `TIME (UTC)          OUTCOME      WHAT
2026-01-01 00:00:00 policy       2 rules, ${String((log.records[0] as { policy?: string }).policy).slice(0, 16)}
  process 42
2026-01-01 00:00:00 refused      mail.example:25
  by managed (10-mail.json#3), for /home/me/main.ts (process 42)
2026-01-01 00:01:00 refused      mail.example:25
  2 times more, by managed, for /home/me/main.ts (process 42)
2026-01-01 01:00:00 asked        irc.example:6667
  NOT ENCRYPTED, for npm:mqtt in /home/me/main.ts (process 42)
2026-01-01 01:00:00 answered     irc.example:6667
  once, for npm:mqtt in /home/me/main.ts (process 42)
2026-01-01 01:00:00 opened       irc.example:6667
  192.0.2.9:6667, NOT ENCRYPTED, for npm:mqtt in /home/me/main.ts (process 42)
2026-01-01 01:00:00 approved     tls://imap.example:993
  by operator (policy.json#1), for /home/me/main.ts (process 42)
2026-01-01 01:00:00 failed       tls://imap.example:993
  Cannot connect to imap.example port 993: refused [NET_REFUSED], for
  /home/me/main.ts (process 42)
2026-01-01 01:00:00 ended
  process 42
`,
  );
});

test("CON-22 parley audit show picks by time, program and refusal, and passes lines on as they are with --json", async () => {
  const { text, log } = await auditedDay();
  // The clock of the command stands at the first line.
  const shown = async (...args: string[]): Promise<string[]> => {
    const { out, status, errors } = await runAuditCommand(["show", "--json", ...args], [text]);
    assert.equal(status, 0, errors);
    return out.split("\n").slice(0, -1);
  };
  assert.deepEqual(await shown(), log.lines);
  assert.deepEqual(await shown("--denied"), [log.lines[1], log.lines[2]]);
  assert.deepEqual(await shown("--since", "2026-01-01T00:30"), log.lines.slice(3));
  assert.deepEqual(await shown("--since", "2026-01-02"), []);
  assert.deepEqual(await shown("--since", "7d"), log.lines);
  assert.deepEqual(await shown("--origin", "npm:mqtt"), log.lines.slice(3, 6));
  assert.deepEqual(await shown("--origin", "/home/me/main.ts"), log.lines.slice(1, -1));
  assert.deepEqual(await shown("--origin", "/home/me/main.ts", "--denied", "--since", "30s"), [
    log.lines[1],
    log.lines[2],
  ]);
  assert.deepEqual(await shown("--origin", "npm:other"), []);
});

test("CON-11 whatever stands in the log, parley audit prints nothing that acts on a terminal, at any width", async () => {
  const nasty = "\u001b]0;x\u0007\u202e\u009b2J\u{e0041}\nfake line";
  const { audit, log } = auditFixture();
  const requester: Requester = { ...REQUESTER, origin: `file:///%1b%5b2J/${nasty}`, insecure: nasty };
  const descriptor = connectDescriptor({ destination: tcp("mail.example", 25).destination, port: 25 });
  audit.record({ ...decided(descriptor, { decision: "deny", by: "insecure", rule: nasty }, requester) });
  audit.record({ event: "failed", requester, descriptor, address: nasty, detail: nasty });
  audit.record({ event: "revoked", requester, descriptor, reason: nasty });
  audit.record({ event: "answer", requester, descriptor, answer: nasty });
  const text = log.lines.map((line) => `${line}\n`).join("");
  for (const columns of [20, 40, 80, 200]) {
    const { out } = await runAuditCommand(["show"], [text], { columns });
    assert.doesNotMatch(out, /[^\n\x20-\x7e]/);
    assert.ok(!out.includes("\nfake"), out);
    // Time and outcome stay on one line; everything else is broken.
    for (const line of out.split("\n")) assert.ok(line.length < Math.max(columns, 33), `${columns}: ${line}`);
  }
  for (const task of ["verify", "replay"]) {
    const { out } = await runAuditCommand([task], [`${text}\u001b[2J\n${text}`]);
    assert.doesNotMatch(out, /[^\n\x20-\x7e]/);
  }
});

test("CON-22 a terminal gets colours, refusals do not rely on them", async () => {
  const { text } = await auditedDay();
  const { out } = await runAuditCommand(["show", "--denied"], [text], { isTerminal: true });
  assert.ok(out.includes("\u001b[31mrefused\u001b[39m"), JSON.stringify(out));
});

test("CON-22 parley audit verify exits with 0 for a whole log and says how much it looked at", async () => {
  const { text } = await auditedDay();
  const half = text.indexOf("\n", text.length / 2) + 1;
  const { status, out } = await runAuditCommand(["verify"], [text.slice(0, half), text.slice(half)]);
  assert.equal(out, "9 lines of 1 run: nothing is wrong.\n");
  assert.equal(status, 0);
  const programs = await runAuditCommand(["verify", "--json"], [text]);
  const counts = { faults: 0, lines: 9, runs: 1, ended: 1, begunEarlier: 0 };
  assert.deepEqual(JSON.parse(programs.out), { event: "verified", ...counts });
});

test("CON-22 parley audit verify exits with 65 for a broken log, and names file and line of each fault", async () => {
  const { text, log } = await auditedDay();
  const lines = text.split("\n");
  const changed = lines.with(4, lines[4]!.replace('"once"', '"always"')).toSpliced(7, 1);
  const { status, out } = await runAuditCommand(["verify"], ["", `${changed.join("\n")}{"half":`]);
  const run_ = log.records[0]!.run;
  assert.equal(
    out,
    `/s/audit.1.jsonl:6: number 5 before it was changed (run ${run_})
/s/audit.1.jsonl:8: number 8 before it is missing (run ${run_})
/s/audit.1.jsonl:9: the line has no end: it was not written whole
8 lines of 1 run: 3 faults.
`,
  );
  assert.equal(status, 65);
  const programs = await runAuditCommand(["verify", "--json"], [text.slice(0, -3)]);
  assert.equal(programs.status, 65);
  assert.deepEqual(programs.out.split("\n").slice(0, -1).map((line) => JSON.parse(line).event), ["fault", "verified"]);
});

test("CON-22 parley audit verify tells of runs that began in removed files, and of those that did not end", async () => {
  const { text } = await auditedDay();
  const lines = text.split("\n").slice(2, -3).map((line) => `${line}\n`).join("");
  const { status, out } = await runAuditCommand(["verify"], [lines], { olderRemoved: true });
  assert.equal(status, 0, out);
  assert.match(out, /1 run began in files that were removed.*\n1 run did not end in order/);
});

test("CON-22 parley audit replay makes every decision again, and exits with 0 when all are the same", async () => {
  const { text, log } = await auditedDay();
  const { status, out } = await runAuditCommand(["replay"], [text], { snapshots: log.policies });
  assert.equal(out, "3 decisions: 3 are the same again, 0 differ.\n");
  assert.equal(status, 0);
});

test("CON-22 parley audit replay exits with 65 for a decision that is another, and says which", async () => {
  const { text, log } = await auditedDay();
  const forged = text.replace(
    '"decision":"deny","by":"managed","rule":"10-mail.json#3"',
    '"decision":"allow","by":"flag","rule":null',
  );
  const { status, out } = await runAuditCommand(["replay"], [forged], { snapshots: log.policies });
  assert.equal(
    out,
    "/s/audit.0.jsonl:2: mail.example:25: the log says allow by flag, made again it is deny by managed (10-mail.json#3)\n" +
      "3 decisions: 2 are the same again, 1 differ.\n",
  );
  assert.equal(status, 65);
  const programs = await runAuditCommand(["replay", "--json"], [forged], { snapshots: log.policies });
  assert.deepEqual(programs.out.split("\n").slice(0, -1).map((line) => JSON.parse(line).event), [
    "difference",
    "replayed",
  ]);
});

test("CON-22 parley audit replay says what cannot be made again; a policy that was changed is a fault, a lost one is not", async () => {
  const { text, log } = await auditedDay();
  const lost = await runAuditCommand(["replay"], [text]);
  assert.match(
    lost.out,
    /0 are the same again, 0 differ\.\n3 cannot be made again: the snapshot of the policy is not there/,
  );
  assert.equal(lost.status, 0);
  const snapshots = new Map([...log.policies].map(([name, snapshot]) => [name, snapshot.replace("mail", "post")]));
  const changed = await runAuditCommand(["replay"], [text], { snapshots });
  assert.match(changed.out, /3 cannot be made again: the snapshot of the policy was changed/);
  assert.equal(changed.status, 65);
  const { audit, log: hashed } = auditFixture({ policy: fixedPolicy(policy([], { auditDestinations: "hashed" })) });
  audit.record(decided(tcp("mail.example", 25), REFUSED));
  const hidden = await runAuditCommand(["replay"], [`${hashed.lines.join("\n")}\n`]);
  assert.match(hidden.out, /1 cannot be made again: its destinations are hashed/);
  assert.equal(hidden.status, 0);
});

test("CON-22 lines that are none of the log's are counted on standard error, and the others are shown", async () => {
  const { text } = await auditedDay();
  const { status, out, errors } = await runAuditCommand(["show", "--json"], [`garbage\n\n${text}half`]);
  assert.equal(status, 0);
  assert.equal(out, text);
  assert.match(errors, /1 line of the audit log cannot be understood/);
});

test("CON-22 an empty log is said to be empty, and is whole", async () => {
  assert.match((await runAuditCommand(["show"], [])).out, /^Nothing of the kind/);
  assert.equal((await runAuditCommand(["show", "--json"], [])).out, "");
  assert.equal((await runAuditCommand(["verify"], [])).status, 0);
  assert.equal((await runAuditCommand(["replay"], [])).status, 0);
});

for (
  const [title, args] of [
    ["no task", []],
    ["another task", ["mend"]],
    ["two tasks", ["show", "verify"]],
    ["a time that is none", ["show", "--since", "yesterday"]],
    ["a day that is none", ["show", "--since", "2026-13-45"]],
    ["a filter for what looks at everything", ["verify", "--denied"]],
  ] as const
) {
  test(`CON-22 parley audit says what is wrong with ${title}, and exits with 64`, async () => {
    const { status, out, errors } = await runAuditCommand([...args], []);
    assert.equal(status, 64, errors);
    assert.equal(out, "");
    assert.match(errors, /^parley: Cannot read the audit log: .*see parley audit --help/);
  });
}
