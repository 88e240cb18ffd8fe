/** Remembered answers under many hands, and under kill -9: nothing that was acknowledged is lost, nothing is ever half there. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ManualClock } from "../../core/manual_clock.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import { recordDirectory } from "../../runtime/_node/record_directory.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { changeAt, requestOf } from "./programs/store_changes.ts";

const PROGRAM = fileURLToPath(new URL("./programs/store_changer.ts", import.meta.url));
const CHANGES = 1_000;
const KILLS = 30;

/** What a process says that it did. */
interface Done {
  readonly at: number;
  readonly request: string;
  readonly id: string | null;
  readonly removed: string | null;
}

test(
  "CON-04 six processes on three runtimes with 1,000 changes each at the same time lose none of them",
  async () => {
    await using temp = await makeTempDirectory("store");
    const state = join(temp.path, "state");
    const files = [...RUNTIMES, ...RUNTIMES].map((_, number) => join(temp.path, `done${number}`));
    const changers = await Promise.all(
      files.map((file, number) => startChanger(runtimeOf(number), { state, number, count: CHANGES, file })),
    );
    try {
      for (const changer of changers) changer.send("go");
      for (const changer of changers) await changer.record({ is: "over" });
      const histories = await Promise.all(files.map(doneIn));
      for (const history of histories) assert.equal(history.length, CHANGES);
      const store = storeIn(state);
      assert.deepEqual(store.broken(), []);
      for (const { request, possible } of expectations(histories)) {
        const id = idOf(store, request);
        assert.ok(possible.has(id), `${request} is ${id}, and nobody left that`);
      }
      const removed = new Set(histories.flat().flatMap((done) => done.removed ?? []));
      assert.ok(removed.size > 500);
      assert.deepEqual(store.list().filter(({ id }) => removed.has(id)), []);
      const left = await readdir(join(state, "parley", "grants"));
      assert.equal(left.length, store.list().length, "nothing is left over");
      assert.ok(left.length > 50);
    } finally {
      await Promise.all(changers.map((changer) => changer[Symbol.asyncDispose]()));
    }
  },
  { timeoutMs: 600_000 },
);

test(
  "CON-21 a process that is killed while it writes leaves what it acknowledged, and nothing that is not whole",
  async () => {
    await using temp = await makeTempDirectory("killed");
    const state = join(temp.path, "state");
    for (let round = 0; round < KILLS; round++) {
      const runtime = runtimeOf(round);
      const history = await killedAtRandom(runtime, { state, number: round, file: join(temp.path, `done${round}`) });
      const store = storeIn(state);
      assert.deepEqual(store.broken(), [], `${runtime}, round ${round}`);
      const [{ request, possible }, ...others] = killedExpectations(history, round);
      const found = idOf(store, request);
      if (!possible.has(found)) assertIsUnacknowledged(store, { request, round, at: history.length });
      for (const other of others) {
        assert.ok(other.possible.has(idOf(store, other.request)), `${runtime}, round ${round}: ${other.request}`);
      }
    }
    await assertNothingIsLeftOver(state);
  },
  { timeoutMs: 600_000 },
);

/** How a process is started. */
interface Changing {
  readonly state: string;
  readonly number: number;
  readonly count: number;
  /** Where it acknowledges what it has done. */
  readonly file: string;
}

function runtimeOf(number: number): TestRuntime {
  return RUNTIMES[number % RUNTIMES.length] as TestRuntime;
}

async function startChanger(
  runtime: TestRuntime,
  how: Changing,
): Promise<RecordProcess> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  const args = [how.state, how.number, how.count, how.file].map(String);
  const changer = new RecordProcess([await runtimePath(runtime), ...flags, PROGRAM, ...args]);
  await changer.record({ is: "ready" });
  return changer;
}

/** Lets a process change things without end, and kills it in the middle. */
async function killedAtRandom(
  runtime: TestRuntime,
  how: Omit<Changing, "count">,
): Promise<readonly Done[]> {
  await using changer = await startChanger(runtime, { ...how, count: 0 });
  changer.send("go");
  await changer.record({ is: "begun" });
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  process.kill(changer.pid, "SIGKILL");
  await changer[Symbol.asyncDispose]();
  return await doneIn(how.file);
}

async function doneIn(file: string): Promise<readonly Done[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Done);
}

interface Expectation {
  readonly request: string;
  /** Identifiers of what may be remembered; null for nothing. */
  readonly possible: ReadonlySet<string | null>;
}

/** Of a request, what one of the processes did last is what was done last. */
function expectations(histories: readonly (readonly Done[])[]): readonly Expectation[] {
  const possible = new Map<string, Set<string | null>>();
  for (const history of histories) {
    const last = new Map(history.map((done) => [done.request, done.id]));
    for (const [request, id] of last) possible.set(request, (possible.get(request) ?? new Set()).add(id));
  }
  return [...possible].map(([request, ids]) => ({ request, possible: ids }));
}

/** The request whose change was not acknowledged comes first. */
function killedExpectations(history: readonly Done[], round: number): readonly [Expectation, ...Expectation[]] {
  const { request } = changeAt(round, history.length);
  const all = expectations([history]).filter((expected) => !expected.request.startsWith("shared"));
  const open = all.find((expected) => expected.request === request) ?? { request, possible: new Set([null]) };
  return [open, ...all.filter((expected) => expected !== open)];
}

/** The change that nobody heard of is there whole, if it is there. */
function assertIsUnacknowledged(
  store: FileStore,
  { request, round, at }: { readonly request: string; readonly round: number; readonly at: number },
): void {
  const { requester, descriptor } = requestOf(request);
  const { effect } = changeAt(round, at);
  if (request.startsWith("shared")) return;
  assert.equal(store.find(requester, descriptor)?.effect ?? null, effect);
}

function storeIn(state: string, clock: typeof systemClock = systemClock): FileStore {
  const initialEnv = (name: string): string | undefined => name === "XDG_STATE_HOME" ? state : undefined;
  const surroundings = { folder: "grants", initialEnv, env: () => undefined, obstacle: () => null } as const;
  const directory = recordDirectory(surroundings, clock);
  return new FileStore({ directory, clock, report: (line) => assert.fail(line) });
}

function idOf(store: FileStore, request: string): string | null {
  const { requester, descriptor } = requestOf(request);
  return store.find(requester, descriptor)?.id ?? null;
}

async function assertNothingIsLeftOver(state: string): Promise<void> {
  const later = storeIn(state, new ManualClock({ nowMs: Date.now() + 120_000 }));
  const { requester, descriptor } = requestOf("last");
  later.put(requester, descriptor, { effect: "allow", lifetime: "always" });
  const files = await readdir(join(state, "parley", "grants"));
  assert.deepEqual(files.filter((file) => !file.endsWith(".json")), []);
  assert.equal(files.length, later.list().length);
}
