import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import type { PolicyFileText } from "../../permissions/policy/policy_files_port.ts";
import type { Host, HostState } from "../../runtime/host.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { environmentFindings } from "./environment_checks.ts";
import type { DoctorFinding, DoctorSurroundings } from "./finding.ts";
import { stateFindings } from "./state_checks.ts";
import { terminalFindings } from "./terminal_checks.ts";

function surroundings(given: {
  readonly env?: Readonly<Record<string, string>>;
  readonly initial?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly injectors?: DoctorSurroundings["injectors"];
}): DoctorSurroundings {
  const { env = {}, initial = env, files = {}, terminal = true, injectors = [] } = given;
  return {
    env: (name) => env[name],
    initialEnv: (name) => initial[name],
    read: (path) => Promise.resolve(files[path] ?? null),
    terminal,
    injectors,
  };
}

const texts = (findings: readonly DoctorFinding[]): string[] => findings.map(({ weight, text }) => `${weight} ${text}`);

test("CON-10 doctor names what could type in the operator's place, and what does not stop it", async () => {
  const none = await terminalFindings(surroundings({}));
  assert.deepEqual(texts(none), [
    "ok questions can be put at this terminal",
    "ok no way is seen to type here but the keyboard",
  ]);
  const some = await terminalFindings(surroundings({ injectors: ["tiocsti", "tmux", "screen", "xtest"] }));
  for (const word of [/^warning .*TIOCSTI/m, /^warning .*tmux/m, /^warning .*screen$/m, /^warning .*XTEST/m]) {
    assert.match(texts(some).join("\n"), word);
  }
  const [, tiocsti, tmux] = some;
  assert.match(tiocsti?.advice ?? "", /word .* stops it/);
  assert.match(tmux?.advice ?? "", /policy file/);
});

test("CON-10 doctor says when programs can read each other's memory", async () => {
  const found = await terminalFindings(surroundings({ files: { "/proc/sys/kernel/yama/ptrace_scope": "0\n" } }));
  assert.match(texts(found).join("\n"), /note .*ptrace/);
});

test("CON-12 doctor says why nobody is asked", async () => {
  const found = texts(await terminalFindings(surroundings({ terminal: false, env: { CI: "1", INVOCATION_ID: "x" } })));
  assert.match(found[0] ?? "", /^note there is no terminal/);
  assert.equal(found.filter((text) => /(?:CI|INVOCATION_ID) is set/.test(text)).length, 2);
});

test("CON-15 doctor names variables that are ignored, and those that came too late to count", () => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0", HTTPS_PROXY: "http://x", PARLEY_ALLOW: "evil.example:1" };
  const found = texts(environmentFindings(surroundings({ env, initial: {} })));
  assert.deepEqual(found.map((text) => text.split(" ").slice(0, 2).join(" ")), [
    "note NODE_TLS_REJECT_UNAUTHORIZED",
    "note HTTPS_PROXY",
    "warning PARLEY_ALLOW",
  ]);
  assert.deepEqual(texts(environmentFindings(surroundings({ env: { PARLEY_ALLOW: "a.example:1" } }))), [
    "ok no variable weakens TLS, adds authorities or chooses a proxy",
  ]);
});

function state(given: {
  readonly files?: readonly PolicyFileText[];
  readonly writable?: boolean;
  readonly obstacle?: string;
}): Pick<Host, "state" | "clock" | "launch"> {
  const clock = new ManualClock();
  const records = new MemoryRecordDirectory(clock);
  const made = {
    records: () => records,
    policyFiles: () => ({
      read: () => given.files ?? [],
      watch: () => () => {},
      writable: () => given.writable === true,
    }),
    audit: { obstacle: () => given.obstacle ?? null },
    attempts: () => null,
  };
  const launch = { initialEnv: () => undefined, env: () => undefined };
  return { state: made as unknown as HostState, clock, launch: launch as unknown as Host["launch"] };
}

test("CON-21 doctor finds a policy file that is not valid, and says that nothing else is wrong", () => {
  const path = "/home/ann/.config/parley/policy.json";
  const bad = stateFindings(state({ files: [{ author: "operator", path, text: "{" }] }));
  assert.match(texts(bad)[0] ?? "", /^problem .*policy\.json:1:/);
  assert.deepEqual(texts(stateFindings(state({}))), [
    "ok there are no policy files",
    "ok 0 answers are remembered",
    "ok decisions are written down",
    "note each program counts its attempts for itself: there is no runtime directory of your own",
  ]);
});

test("CON-21 doctor says when the managed policy protects nothing", () => {
  const found = texts(stateFindings(state({ writable: true }))).join("\n");
  assert.match(found, /warning this account can write the managed policy itself \(policy-unprotected\)/);
  const text = '{"version":1,"auditOnly":true}';
  const watched = texts(stateFindings(state({ files: [{ author: "managed", path: "/etc/a.json", text }] })));
  assert.match(watched.join("\n"), /warning the managed policy only watches/);
});

test("CON-22 doctor says why nothing is written down", () => {
  assert.match(
    texts(stateFindings(state({ obstacle: "HOME is not set" }))).join("\n"),
    /note nothing is written down: HOME/,
  );
});
