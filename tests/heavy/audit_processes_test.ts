import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ChainCheck } from "../../permissions/audit/audit_chain.ts";
import { parseAuditLine } from "../../permissions/audit/parse_audit_line.ts";
import type { AuditPlace } from "../../permissions/audit/append_log_port.ts";
import { auditPlace, nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { connectCommand } from "./connect_command.ts";

const DECISIONS = 2000;
/** A line of theirs has some 800 bytes: six processes fill less than the six files that are kept. */
const MAX_BYTES = 2_500_000;

function place(state: string): AuditPlace {
  return auditPlace({
    variable: (name) => name === "XDG_STATE_HOME" ? state : undefined,
    obstacle: () => null,
    onExit: () => {},
  });
}

function run(argv: readonly string[]): Promise<{ readonly status: number | null; readonly output: string }> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: process.env });
    let output = "";
    child.stdout.on("data", (chunk: Uint8Array) => output += String(chunk));
    child.stderr.on("data", (chunk: Uint8Array) => output += String(chunk));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

interface Checked {
  readonly lines: number;
  readonly ended: number;
  readonly runs: number;
  readonly files: number;
  /** How often a line of one run stands behind one of another. */
  readonly turns: number;
}

/** Proves that every line is whole and every chain is, and counts. */
function check(state: string, { olderRemoved }: { readonly olderRemoved: boolean } = { olderRemoved: false }): Checked {
  const { digest, reader: open } = place(state);
  const reader = open();
  try {
    assert.equal(reader.olderRemoved, olderRemoved);
    let before = "";
    let turns = 0;
    const faults: string[] = [];
    const onFault = ({ path, line, problem }: { path: string; line: number; problem: string }): void =>
      void faults.push(`${path}:${line}: ${problem}`);
    const chain = new ChainCheck(digest, { olderRemoved, onFault });
    for (const file of reader.files) {
      const text = file.text();
      for (const line of text.split("\n").slice(0, -1)) {
        const parsed = parseAuditLine(line);
        assert.ok(parsed.kind === "record", line);
        if (parsed.record.run !== before) turns++;
        before = parsed.record.run;
      }
      chain.file(file.path, text);
    }
    assert.deepEqual(faults, []);
    const { lines, ended, runs } = chain.totals;
    return { lines, ended, runs, turns, files: reader.files.length };
  } finally {
    reader.close();
  }
}

test(
  "CON-22 six processes on three runtimes write and put files aside at once: each line is whole, no chain breaks",
  async () => {
    await using temp = await makeTempDirectory("audit");
    const args = [temp.path, String(DECISIONS), String(MAX_BYTES)];
    const outcomes = await Promise.all(
      [...RUNTIMES, ...RUNTIMES].map(async (runtime) =>
        await run(await connectCommand(runtime, args, { program: "audit_writer.ts" }))
      ),
    );
    for (const { status, output } of outcomes) {
      assert.equal(status, 0, output);
      assert.equal(output, `@@{"written":${DECISIONS}}\n`);
    }
    const { files, turns, ...counted } = check(temp.path);
    // Besides, each run says which policy holds, and that it ended.
    assert.deepEqual(counted, { lines: 6 * (DECISIONS + 2), runs: 6, ended: 6 });
    assert.ok(files > 1, `${files} files`);
    // They did write at the same time.
    assert.ok(turns > 100, `${turns} turns`);
    const parley = join(temp.path, "parley");
    assert.ok(readdirSync(parley).every((name) => /^(audit(\.[1-5])?\.jsonl|policies)$/.test(name)));
    console.log(`${counted.lines} lines by 6 processes in ${files} files, ${turns} turns`);
  },
  { timeoutMs: 300_000 },
);

test("CON-22 while six processes put files aside all the time, what is kept has no gaps", async () => {
  await using temp = await makeTempDirectory("audit");
  const args = [temp.path, String(DECISIONS), "20000"];
  const outcomes = await Promise.all(
    [...RUNTIMES, ...RUNTIMES].map(async (runtime) =>
      await run(await connectCommand(runtime, args, { program: "audit_writer.ts" }))
    ),
  );
  for (const { output } of outcomes) assert.equal(output, `@@{"written":${DECISIONS}}\n`);
  const { lines, files } = check(temp.path, { olderRemoved: true });
  assert.equal(files, 6);
  assert.ok(lines > 100, `${lines} lines`);
}, { timeoutMs: 300_000 });

test("CON-22 processes killed while they write leave whole lines and unbroken chains", async () => {
  await using temp = await makeTempDirectory("audit");
  let killed = 0;
  for (let round = 0; round < 4; round++) {
    await Promise.all(RUNTIMES.map(async (runtime) => {
      const argv = await connectCommand(runtime, [temp.path, "1000000", "10000000"], { program: "audit_writer.ts" });
      const [program = "", ...args] = argv;
      const child = spawn(program, args, { stdio: "ignore" });
      const ended = new Promise((resolve) => void child.on("close", resolve));
      // Killed at a moment by chance, once it writes.
      await untilGrown(temp.path);
      const delay = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
      setTimeout(() => child.kill("SIGKILL"), delay);
      await ended;
      if (child.signalCode === "SIGKILL") killed++;
    }));
  }
  const { ended, runs, lines } = check(temp.path);
  assert.equal(killed, 12);
  assert.equal(ended, 0);
  assert.ok(runs > 0 && lines > 12, `${runs} runs, ${lines} lines`);
  console.log(`${lines} lines by ${runs} runs, ${killed} of which were killed`);
}, { timeoutMs: 300_000 });

/** In a mount namespace of its own: a small disk is filled, gets room again and is written to once more. */
const FULL_DISK = `set -e
disk="$1"; copy="$2"; shift 2
mount -t tmpfs -o size=256k,mode=700 none "$disk"
"$@" "$disk" 1000 10000000
mount -o remount,size=1m "$disk"
"$@" "$disk" 3 10000000
cp "$disk/parley/audit.jsonl" "$copy"`;

test(
  "CON-22 a full disk is told of, costs no line that was promised, and spoils none that is written later",
  async () => {
    for (const runtime of RUNTIMES) {
      await using temp = await makeTempDirectory("audit");
      const [disk, copy] = [join(temp.path, "disk"), join(temp.path, "copy")];
      mkdirSync(disk);
      const argv = await connectCommand(runtime, [], { program: "audit_writer.ts" });
      const { status, output } = await run(["unshare", "-m", "sh", "-c", FULL_DISK, "sh", disk, copy, ...argv]);
      assert.equal(status, 0, output);
      assert.match(output, /^parley: decisions are not written down: .*audit\.jsonl: /m);
      const [written = 0, later] = [...output.matchAll(/@@\{"written":(\d+)\}/g)].map((match) => Number(match[1]));
      assert.ok(written > 0 && written < 1000, output);
      assert.equal(later, 3);
      const lines = readFileSync(copy, "utf8").split("\n").filter((line) => line !== "");
      const whole = lines.filter((line) => parseAuditLine(line).kind === "record");
      const decisions = whole.filter((line) => line.includes('"event":"decision"')).length;
      assert.equal(decisions, written + later);
      assert.ok(lines.length - whole.length <= 2, `${lines.length - whole.length} pieces of lines`);
      const faults: string[] = [];
      const onFault = ({ problem }: { problem: string }): void => void faults.push(problem);
      new ChainCheck(nodeDigest, { olderRemoved: false, onFault }).file(
        copy,
        whole.map((line) => `${line}\n`).join(""),
      );
      assert.deepEqual(faults, []);
    }
  },
  { timeoutMs: 300_000, skip: process.getuid?.() === 0 ? null : "only root can mount a small disk" },
);

/** Waits until the log has grown. */
async function untilGrown(state: string): Promise<void> {
  const size = (): number => {
    const reader = place(state).reader();
    const sizes = reader.files.map((file) => file.text().length);
    reader.close();
    return sizes.reduce((sum, one) => sum + one, 0);
  };
  const before = size();
  while (size() === before) await new Promise((resolve) => void setTimeout(resolve, 20));
}
