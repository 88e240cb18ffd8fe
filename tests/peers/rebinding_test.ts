/**
 * The rebinding lab (NET-14, RS-16, P-16): names that an attacker's name server points into the operator's own network, on
 * first open and on reconnection, over TCP and UDP, on every runtime. A capture shows that no packet goes where they lead.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { HostOutcome } from "../heavy/rebinding_client.ts";
import { missingPackage } from "../support/debian_package.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { netnsMissing } from "../support/netns.ts";
import { ABSENT_HOST, HONEST_HOST, LOCAL_HOST, REBINDING_CASES, SINGLE_LABEL } from "../support/rebinding_cases.ts";
import { RebindingLab, strays } from "../support/rebinding_lab.ts";
import { rebindingTitle } from "../support/rebinding_table.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import type { Outcome } from "./programs/outcome.ts";

const PROGRAM = fileURLToPath(new URL("../heavy/rebinding_client.ts", import.meta.url));
const OPTIONS = { skip: await netnsMissing() ?? missingPackage("dnsmasq-base"), timeoutMs: 120_000 };
const TRANSPORTS = ["tcp", "udp"] as const;
const HOSTS = [...REBINDING_CASES.map(({ host }) => host), HONEST_HOST, ABSENT_HOST, LOCAL_HOST, SINGLE_LABEL];
const GREETING = "220 mail.test ready";

/** What one program on one runtime went through. */
interface LabRun {
  /** Outcomes by step and host. */
  readonly steps: Readonly<Record<"first" | "opened" | "again", ReadonlyMap<string, HostOutcome>>>;
  /** Packets that should not have left, by step. */
  readonly strays: Readonly<Record<"first" | "opened" | "again", readonly string[]>>;
  /** Connections that the servers took, after each step. */
  readonly accepted: readonly number[];
  /** Names that the name server was asked for. */
  readonly asked: readonly string[];
  /** What the operator was told. */
  readonly report: string;
}

const runs = new Map<TestRuntime, Promise<LabRun>>();

function labRun(runtime: TestRuntime): Promise<LabRun> {
  const known = runs.get(runtime) ?? runLab(runtime);
  runs.set(runtime, known);
  return known;
}

async function runLab(runtime: TestRuntime): Promise<LabRun> {
  await using lab = await RebindingLab.create();
  await using capture = await lab.capture();
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  // What is no whole name cannot be approved.
  const plain = HOSTS.filter((host) => host !== SINGLE_LABEL).map((host) => host.replace(/\.$/, ""));
  const allow = plain.flatMap((host) => [`${host}:25`, `udp://${host}:25`]);
  const { CI: _, ...env } = process.env;
  await using directory = await makeTempDirectory("rebinding-client");
  const log = join(directory.path, "stderr");
  const command = [await runtimePath(runtime), ...flags, PROGRAM, HOSTS.join()];
  const argv = lab.namespaces.inClient(["/bin/sh", "-c", 'exec 2>"$1"; shift; exec "$@"', "sh", log, ...command]);
  await using program = new RecordProcess(argv, {
    env: { ...env, PARLEY_ALLOW: allow.join(), DENO_NO_UPDATE_CHECK: "1" },
  });
  const steps = new Map<string, ReadonlyMap<string, HostOutcome>>();
  const left = new Map<string, readonly string[]>();
  const accepted: number[] = [];
  const step = async (is: "first" | "opened" | "again"): Promise<void> => {
    const { outcomes } = (await program.record({ is })).record as unknown as { readonly outcomes: HostOutcome[] };
    steps.set(is, new Map(outcomes.map((outcome) => [outcome.host, outcome])));
    left.set(is, strays(await capture.sinceMark()));
    accepted.push(lab.accepted);
  };
  await step("first");
  await lab.turn("honest");
  program.send("go");
  await step("opened");
  await lab.turn("hostile");
  program.send("go");
  await step("again");
  return {
    steps: Object.fromEntries(steps) as LabRun["steps"],
    strays: Object.fromEntries(left) as LabRun["strays"],
    accepted,
    asked: lab.asked,
    report: await readFile(log, "utf8"),
  };
}

function outcomeOf(
  run: LabRun,
  where: { step: keyof LabRun["steps"]; host: string; transport: "tcp" | "udp" },
): Outcome {
  const found = run.steps[where.step].get(where.host)?.[where.transport];
  assert.ok(found, `no outcome for ${JSON.stringify(where)}`);
  return found;
}

/** What a program can tell of a failure, with the host left out: it must be the same whatever the name led to. */
function told(outcome: Outcome, host: string): string {
  assert.ok(!outcome.ok, `${host} was let through: ${JSON.stringify(outcome)}`);
  const { name, message, code } = outcome;
  return `${name} ${code}: ${message.replaceAll(host, "HOST")}`;
}

for (const runtime of RUNTIMES) {
  for (const { name, host } of REBINDING_CASES) {
    for (const transport of TRANSPORTS) {
      test(rebindingTitle(name, { runtime, transport }), async () => {
        const run = await labRun(runtime);
        const at = (step: keyof LabRun["steps"]): Outcome => outcomeOf(run, { step, host, transport });
        const uniform = "NotAllowedError null: Not allowed to connect to HOST:25";
        assert.equal(told(at("first"), host), uniform);
        assert.deepEqual(at("opened"), { ok: true, value: transport === "tcp" ? GREETING : "sent" });
        assert.equal(told(at("again"), host), uniform);
      }, OPTIONS);
    }
  }

  test(`NET-14 on ${runtime} no packet goes where any of the names lead, and no server hears of it`, async () => {
    const run = await labRun(runtime);
    assert.deepEqual(run.strays, { first: [], opened: [], again: [] });
    // One for the honest name, then one for each name while all are honest, and one again.
    const all = REBINDING_CASES.length + 1;
    assert.deepEqual(run.accepted, [1, 1 + all, 2 + all]);
    assert.equal(run.report.match(/\[PERM_ADDRESS\]/g)?.length, 4 * REBINDING_CASES.length);
  }, OPTIONS);

  test(`NET-14 on ${runtime} an honest name opens and reconnects`, async () => {
    const run = await labRun(runtime);
    for (const step of ["first", "opened", "again"] as const) {
      assert.deepEqual(outcomeOf(run, { step, host: HONEST_HOST, transport: "tcp" }), { ok: true, value: GREETING });
      assert.deepEqual(outcomeOf(run, { step, host: HONEST_HOST, transport: "udp" }), { ok: true, value: "sent" });
    }
  }, OPTIONS);

  test(`NET-24 NET-29 on ${runtime} names are absolute, and no name server is asked for .local`, async () => {
    const run = await labRun(runtime);
    assert.deepEqual(run.asked.filter((name) => !name.endsWith(".test") && name !== "inner.lan"), []);
    assert.deepEqual(run.asked.filter((name) => name.endsWith(".corp.test")), []);
    for (const transport of TRANSPORTS) {
      const at = (host: string): string => told(outcomeOf(run, { step: "first", host, transport }), host);
      assert.match(at(SINGLE_LABEL), /HOST/);
      assert.equal(at(LOCAL_HOST).replace(/[^:]*$/, ""), at(ABSENT_HOST).replace(/[^:]*$/, ""));
    }
  }, OPTIONS);
}
