import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { brokerFixture, REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { parseLaunchRules } from "../launch_rules.ts";
import type { PolicyFiles, PolicyFileText } from "./policy_files_port.ts";
import { PolicyLoader } from "./policy_loader.ts";

const OPERATOR = "/home/me/.config/parley/policy.json";
const MANAGED = "/etc/parley/policies/managed/10-base.json";

interface Desk {
  readonly loader: PolicyLoader;
  readonly clock: ManualClock;
  readonly lines: string[];
  /** How often `onChange` told something. */
  changes: number;
  writable: boolean;
  /** What files say from now on. */
  put(...files: PolicyFileText[]): void;
  /** Tells what a watcher tells. */
  touch(): void;
}

function desk(files: readonly PolicyFileText[], flags: readonly string[] = []): Desk {
  let now = files;
  const watching = new Set<() => void>();
  const lines: string[] = [];
  const clock = new ManualClock();
  const port: PolicyFiles = {
    read: () => now,
    watch: (callback) => {
      watching.add(callback);
      return () => void watching.delete(callback);
    },
    writable: () => state.writable,
  };
  const state: Desk = {
    loader: new PolicyLoader({
      files: port,
      clock,
      launchRules: parseLaunchRules({ flags, variable: undefined }, assert.fail),
      report: (line) => lines.push(line),
    }),
    clock,
    lines,
    changes: 0,
    writable: false,
    put: (...files) => void (now = files),
    touch: () => {
      for (const callback of watching) callback();
    },
  };
  state.loader.onChange(() => state.changes++);
  return state;
}

const file = (author: PolicyFileText["author"], path: string, ...rules: unknown[]): PolicyFileText => ({
  author,
  path,
  text: JSON.stringify({ version: 1, rules }),
});
const operator = (...rules: unknown[]): PolicyFileText => file("operator", OPERATOR, ...rules);
const allow = (to: string): unknown => ({ effect: "allow", to });
const deny = (to: string): unknown => ({ effect: "deny", to });
const INVALID: PolicyFileText = {
  author: "operator",
  path: OPERATOR,
  text: '{ "version": 1,\n  "rules": [{ "to": 5 }] }',
};

function ids({ loader }: Desk): string[] {
  return loader.current.rules.map(({ author, id, effect }) => `${author} ${effect} ${id}`);
}

test("CON-17 rules of every author stand in one policy, launch flags among those of the author flag", () => {
  const loaded = desk([
    file("managed", MANAGED, deny("*:25")),
    file("flag", "/srv/p.json", allow("a.example:1")),
    operator(allow("b.example:1"), allow("c.example:1")),
  ], ["d.example:1"]);
  assert.deepEqual(ids(loaded), [
    "flag allow --allow#1",
    "managed deny 10-base.json#1",
    "flag allow p.json#1",
    "operator allow policy.json#1",
    "operator allow policy.json#2",
  ]);
  assert.deepEqual(loaded.loader.current.broken, []);
  assert.deepEqual(loaded.lines, []);
});

test("CON-21 a file that is not valid at the start is told with its places, and its author is broken", () => {
  const loaded = desk([INVALID], ["d.example:1"]);
  assert.deepEqual(loaded.loader.current.broken, ["operator"]);
  assert.deepEqual(loaded.lines, [
    `parley: ${OPERATOR}:2:13: rule 1: "effect": is missing`,
    `parley: ${OPERATOR}:2:21: rule 1: "to": is to be a destination, or a list of such`,
    "parley: nothing is approved until every policy file is valid",
  ]);
  assert.deepEqual(ids(loaded), ["flag allow --allow#1"]);
});

test("CON-21 a file that cannot be trusted is told, and its author is broken", () => {
  const loaded = desk([{ author: "managed", path: MANAGED, problem: "others may write to it" }]);
  assert.deepEqual(loaded.loader.current.broken, ["managed"]);
  assert.equal(loaded.lines[0], `parley: ${MANAGED}: others may write to it`);
});

test("CON-21 of more than twenty mistakes the others are counted", () => {
  const { lines } = desk([operator(...Array.from({ length: 25 }, () => ({ effect: "deny" })))]);
  assert.equal(lines.length, 22);
  assert.equal(lines[20], `parley: ${OPERATOR}: 5 more problems`);
});

test("CON-11 what a file or its name holds is told escaped", () => {
  const { lines } = desk([
    { author: "flag", path: "/a\u001b[2J.json", text: '{"version":1,"\\u202ex\\u0007":1}' },
    { author: "flag", path: "/b.json", problem: "\u001b]0;x" },
  ]);
  assert.match(lines[0] ?? "", /no such key/);
  assert.doesNotMatch(lines.join(""), /[\p{Cc}\p{Cf}]/u);
});

test("CON-21 invalid on reload: what was denied stays so, nothing new is allowed, what runs goes on", async () => {
  const loaded = desk([operator(allow("a.example:1"), deny("b.example:1"))], ["b.example:1"]);
  const { broker } = brokerFixture([], { policy: loaded.loader });
  const request = (host: string) =>
    broker.request(REQUESTER, tcp(host, 1), { signal: new AbortController().signal, lifetimes: null, claim: null });
  const live = await request("a.example");
  loaded.put(INVALID);
  loaded.loader.reload();
  assert.deepEqual(ids(loaded), ["flag allow --allow#1", "operator deny policy.json#2"]);
  assert.equal(live.signal.aborted, false);
  await assert.rejects(request("a.example"), { code: "PERM_DENIED" });
  await assert.rejects(request("b.example"), { code: "PERM_DENIED" });

  loaded.put(operator(allow("a.example:1")));
  loaded.loader.reload();
  assert.equal(loaded.lines.at(-1), "parley: every policy file is valid again");
  await request("a.example");
  await request("b.example");
  assert.equal(live.signal.aborted, false);
});

test("CON-17 a deny that a reload brings ends what it denies, and so does an allow that is gone", async () => {
  for (const next of [operator(allow("a.example:1"), deny("*:1")), operator()]) {
    const loaded = desk([operator(allow("a.example:1"))]);
    const { broker } = brokerFixture([], { policy: loaded.loader });
    const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
    const live = await broker.request(REQUESTER, tcp("a.example", 1), options);
    loaded.put(next);
    loaded.loader.reload();
    assert.equal(live.signal.aborted, true);
  }
});

test("CON-21 settings of a file that is not valid any more hold on", () => {
  const strict = JSON.stringify({ version: 1, prompt: "disabled", locked: true });
  const loaded = desk([{ author: "managed", path: MANAGED, text: strict }]);
  loaded.put({ author: "managed", path: MANAGED, problem: "it is a link" });
  loaded.loader.reload();
  assert.equal(loaded.loader.current.settings.locked, true);
  assert.equal(loaded.loader.current.settings.prompt, false);
  assert.deepEqual(loaded.loader.current.broken, ["managed"]);
});

test("CON-21 files that vanish beside a problem of the same author deny on", () => {
  const loaded = desk([file("managed", MANAGED, deny("*:25"), allow("a.example:1"))]);
  loaded.put({ author: "managed", path: "/etc/parley/policies/managed", problem: "it cannot be read (EACCES)" });
  loaded.loader.reload();
  assert.deepEqual(ids(loaded), ["managed deny 10-base.json#1"]);
  loaded.put();
  loaded.loader.reload();
  assert.deepEqual(ids(loaded), []);
  assert.deepEqual(loaded.loader.current.broken, []);
});

test("CON-17 managed files that contradict each other are broken", () => {
  const text = (mode: string): string => JSON.stringify({ version: 1, private: mode, rules: [allow("a.example:1")] });
  const loaded = desk([
    { author: "managed", path: "/m/1.json", text: text("required") },
    { author: "managed", path: "/m/2.json", text: text("refused") },
  ]);
  assert.deepEqual(loaded.loader.current.broken, ["managed"]);
  assert.deepEqual(ids(loaded), []);
  assert.match(loaded.lines[0] ?? "", /^parley: one managed file requires private mode/);
});

test("CON-15 a reload tells of a change once, and of none when files say what they said", () => {
  const loaded = desk([operator(allow("a.example:1"))]);
  const before = loaded.loader.current;
  loaded.loader.reload();
  assert.equal(loaded.changes, 0);
  assert.equal(loaded.loader.current, before);
  loaded.put(operator(allow("b.example:1")));
  loaded.loader.reload();
  assert.equal(loaded.changes, 1);
  assert.notEqual(loaded.loader.current, before);
  loaded.put({ author: "operator", path: OPERATOR, problem: "it is a link" });
  loaded.loader.reload();
  loaded.loader.reload();
  assert.equal(loaded.changes, 2);
  assert.equal(loaded.lines.length, 2);
});

test("CON-15 a listener that is stopped hears nothing any more, and each is stopped by itself", () => {
  const loaded = desk([]);
  let told = 0;
  const listener = (): void => void told++;
  const stop = loaded.loader.onChange(listener);
  loaded.loader.onChange(listener);
  stop();
  loaded.put(operator(deny("*:1")));
  loaded.loader.reload();
  assert.equal(told, 1);
});

test("CON-15 changes that are noticed in pieces are looked at together, until watching ends", async () => {
  const loaded = desk([operator(allow("a.example:1"))]);
  loaded.loader.watch();
  loaded.loader.watch();
  loaded.put(operator(allow("b.example:1")));
  loaded.touch();
  loaded.touch();
  assert.equal(loaded.clock.pendingTimers, 1);
  assert.equal(loaded.changes, 0);
  await loaded.clock.advance(100);
  assert.equal(loaded.changes, 1);
  loaded.put(operator(allow("c.example:1")));
  loaded.touch();
  loaded.loader.close();
  loaded.touch();
  await loaded.clock.advance(1000);
  assert.equal(loaded.clock.pendingTimers, 0);
  assert.equal(loaded.changes, 1);
});

test("CON-21 a process that could write the managed files itself says so", () => {
  const loaded = desk([]);
  assert.equal(loaded.loader.enforcement, null);
  loaded.writable = true;
  assert.equal(loaded.loader.enforcement, "policy-unprotected");
});

test("CON-13 what a rule approved ends with the rule, and listeners hear of it", async () => {
  const until = "2026-01-01T06:00:00Z";
  const here = desk([operator({ effect: "allow", to: "mail.example:25", until })]);
  here.loader.watch();
  const { broker } = brokerFixture([], { policy: here.loader, clock: here.clock });
  const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  await here.clock.advance(6 * 3600 * 1000 - 1);
  assert.deepEqual([grant.signal.aborted, here.changes], [false, 0]);
  await here.clock.advance(1);
  assert.deepEqual([grant.signal.aborted, here.changes], [true, 1]);
  assert.equal(here.clock.pendingTimers, 0);
  here.put(operator({ effect: "allow", to: "mail.example:25", until: "2027-01-01" }));
  here.loader.reload();
  assert.equal(here.clock.pendingTimers, 1);
  here.loader.close();
  assert.equal(here.clock.pendingTimers, 0);
});
