/** Every way a test file can end, on the real runners: a wrong total here would make every other result worthless. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../tests/support/harness.ts";
import { runtimePath, type TestRuntime } from "../tests/support/runtimes.ts";
import { PROJECT_ROOT } from "./project.ts";
import { type FileResult, judgeRun, runTestFile } from "./run_test_file.ts";

const HEAD = `import { test } from "${PROJECT_ROOT}/tests/support/harness.ts";\n`;

/** Runs a test file on the runtimes asked for and hands each result to a check. */
async function onRuntimes(
  source: string,
  check: (result: FileResult, runtime: TestRuntime) => void,
  options: { readonly limitMs?: number } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "parley-run-"));
  try {
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "case_test.ts"), HEAD + source);
    for (const runtime of ["deno", "bun", "node"] as const) {
      const binary = await runtimePath(runtime);
      const report = join(folder, `${runtime}.xml`);
      const job = { runtime, binary, file: "case_test.ts", report, cwd: folder, limitMs: options.limitMs ?? 30_000 };
      check(await runTestFile(job), runtime);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("passes, failures and skips are counted alike on each runtime", async () => {
  const source = `test("a", () => {}); test("b", () => { throw new TypeError("told"); });
    test("c", () => {}, { skip: "needs the package foo" }); console.log("99 passed, 0 failed");`;
  await onRuntimes(source, (result, runtime) => {
    assert.deepEqual([result.passed, result.failures.length, result.skipped], [1, 1, 1], runtime);
    assert.equal(result.failures[0]?.title, "b");
    assert.deepEqual(result.cases.map(({ title, outcome }) => `${title} ${outcome}`).sort(), [
      "a passed",
      "b failed",
      "c skipped",
    ]);
    assert.match(result.failures[0]?.text ?? "", /told/);
    assert.deepEqual(result.skips, ["SKIP c: needs the package foo"]);
  });
});

test("a file that dies while it loads is one failure that shows the reason", async () => {
  await onRuntimes(`test("a", () => {}); throw new TypeError("dead at load");`, ({ failures }, runtime) => {
    assert.equal(failures.length, 1, runtime);
    assert.match(failures[0]?.text ?? "", /dead at load/, runtime);
  });
});

test("a runner that is killed, or leaves early with status 0, is a failure", async () => {
  for (const end of ['process.kill(process.pid, "SIGKILL")', "process.exit(0)"]) {
    const source = `import process from "node:process"; test("a", () => {}); test("b", () => { ${end}; });`;
    await onRuntimes(source, ({ failures }, runtime) => assert.ok(failures.length > 0, `${runtime}: ${end}`));
  }
});

test("a file without tests is a failure", async () => {
  await onRuntimes("void test;", ({ failures, passed }, runtime) => {
    assert.deepEqual([failures.length, passed], [1, 0], runtime);
  });
});

test("a file that never ends is killed with what it started, and is a failure", async () => {
  const source = `import { spawn } from "node:child_process";
    test("a", async () => { spawn("sleep", ["600"], { stdio: "inherit" }); await new Promise((r) => setTimeout(r, 600_000)); });`;
  await onRuntimes(source, ({ failures, elapsedMs }, runtime) => {
    assert.match(failures.at(-1)?.title ?? "", /no end within 2 s/, runtime);
    assert.ok(elapsedMs < 10_000, runtime);
  }, { limitMs: 2_000 });
});

test("the exit status has the last word over a report without failures", () => {
  const ended = { status: 0, timedOut: false, output: "why", stdout: "", elapsedMs: 1 };
  const passed = [{ title: "a", outcome: "passed", text: "" }] as const;
  assert.deepEqual(judgeRun(passed, ended, 1_000), []);
  assert.deepEqual(judgeRun(passed, { ...ended, status: 1 }, 1_000), [{
    title: "(the runner ended with 1)",
    text: "why",
  }]);
  assert.equal(judgeRun(passed, { ...ended, status: null }, 1_000).length, 1);
  assert.equal(judgeRun(passed, { ...ended, timedOut: true }, 1_000).length, 1);
  const failed = [...passed, { title: "b", outcome: "failed", text: "x" }] as const;
  assert.deepEqual(judgeRun(failed, { ...ended, status: 1 }, 1_000), [{ title: "b", text: "x" }]);
});
