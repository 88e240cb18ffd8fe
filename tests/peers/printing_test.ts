import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eachRuntime } from "../support/each_runtime.ts";
import { startIppPrinter } from "../support/ipp_printer.ts";
import { startRawPrinter } from "../support/raw_printer.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["p910nd", "cups-ipp-utils", "dbus-daemon"], async (stack) => ({
  raw: stack.use(await startRawPrinter()),
  ipp: stack.use(await startIppPrinter()),
  path: stack.use(await makeTempDirectory("jobs")).path,
}));

/** Every byte there is, in a row that differs by job, and more of it than one segment holds. */
async function makeJob(directory: string, name: string): Promise<{ readonly file: string; readonly job: Uint8Array }> {
  const job = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8) + name.length) & 0xff);
  job.set(new TextEncoder().encode(`%PDF-1.7\n% ${name}\n`));
  const file = join(directory, `${name}.pdf`);
  await writeFile(file, job);
  return { file, job };
}

/** Tells where two rows of bytes differ. A difference as `deepEqual` makes it takes all the memory there is. */
function assertSameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  const at = expected.findIndex((byte, index) => byte !== actual?.[index]);
  assert.deepEqual([actual?.byteLength, at], [expected.byteLength, -1]);
}

const RAW = { name: "printing, raw port 9100", shows: "the job arrives byte for byte" };
testUseCase(test, RAW, async (runtime, { raw, path }) => {
  const { file, job } = await makeJob(path, `raw-${runtime}`);
  const args = ["localhost", String(raw.port), file];
  const run = await runExample(runtime, ["print_raw", ...args], { allow: `localhost:${raw.port}` });
  assert.deepEqual([run.status, run.stdout], [0, "127.0.0.1 took 200000 bytes\n"], run.stderr);
  assertSameBytes(await raw.takePaper(), job);
});

const IPP = { name: "printing, IPP", shows: "the printer tells what it takes, and has the job byte for byte" };
testUseCase(test, IPP, async (runtime, { ipp, path }) => {
  const before = (await ipp.documents()).length;
  const from = ipp.process.log().length;
  const { file, job } = await makeJob(path, `ipp-${runtime}`);
  const allow = `localhost:${ipp.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["print_ipp", ipp.uri, file, "application/pdf"], {
    allow,
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.split("\n"), [
    "printer-name: Parley",
    "printer-make-and-model: Example Printer",
    "document-format-supported: application/octet-stream, application/pdf, text/plain",
    `job ${before + 1}: completed`,
    "",
  ]);
  const documents = await ipp.documents();
  assert.equal(documents.length, before + 1);
  assertSameBytes(documents[before], job);
  const log = ipp.process.log().slice(from);
  assert.match(log, /Get-Printer-Attributes successful-ok[\s\S]*Print-Job successful-ok/);
  // Every request came over the one connection that was approved.
  assert.equal(log.match(/^Accepted connection/gm)?.length, 1, log);
  assert.equal(stderr.match(/^parley: connected to /gm)?.length, 1, stderr);
});

test("NET-21 IPP: a document that the printer does not take is not sent", async ({ ipp, path }) => {
  const before = (await ipp.documents()).length;
  const { file } = await makeJob(path, "unknown");
  await eachRuntime(async (runtime) => {
    const args = ["print_ipp", ipp.uri, file, "application/x-unknown"] as const;
    const { status, stderr } = await runExample(runtime, args, { allow: `localhost:${ipp.port}` });
    assert.equal(status, 1);
    assert.match(stderr, /the printer does not take application\/x-unknown/);
  });
  assert.equal((await ipp.documents()).length, before);
});

test("NET-01 NET-21 printing: without approval no printer is reached, by Node's HTTP neither", async ({ raw, ipp, path }) => {
  const { file } = await makeJob(path, "refused");
  const log = ipp.process.log();
  await eachRuntime(async (runtime) => {
    for (const example of [["print_raw", "localhost", String(raw.port), file], ["print_ipp", ipp.uri, file]] as const) {
      const { status, stdout, stderr } = await runExample(runtime, example, { allow: "" });
      assert.deepEqual([status, stdout], [1, ""], stderr);
      assert.match(
        stderr,
        /^parley: refused file:\/\/\S+ a connection to localhost:\d+: there is no terminal to ask at/m,
      );
    }
  });
  assertSameBytes(await raw.takePaper(), new Uint8Array());
  assert.equal(ipp.process.log(), log);
});
