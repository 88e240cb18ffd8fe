/** `parley demo` and `parley connect` at a real pseudo-terminal, on every runtime, as a person uses them. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { test } from "../support/harness.ts";
import { ptyMissing, type PtyResult, type PtyRuntime, type PtyStep, runAtPty, runtimePath } from "../support/pty.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const RUNTIMES: readonly PtyRuntime[] = ["deno", "bun", "node"];
const LINE_MODE = { icanon: true, echo: true, isig: true };
const asked: PtyStep = { do: "expect", pattern: "Allow\\?.*[›>] " };
const ends: PtyStep = { do: "exit" };

function cliTest(title: string, run: (runtime: PtyRuntime) => Promise<void>): void {
  const missing = ptyMissing() ?? RUNTIMES.find((name) => runtimePath(name) === null) ?? null;
  test(`${title} (${RUNTIMES.join(", ")})`, async () => void await Promise.all(RUNTIMES.map(run)), { skip: missing });
}

async function demo(
  runtime: PtyRuntime,
  steps: readonly PtyStep[],
  options: { env?: Record<string, string>; args?: string[] } = {},
): Promise<PtyResult> {
  const { env = {}, args = [] } = options;
  const result = await runAtPty({ runtime, program: PROGRAM, args: ["demo", ...args], steps: [...steps, ends], env });
  assert.equal(result.failed, null, `${runtime}: ${result.failed}\n${result.screen}`);
  assert.deepEqual(result.flags, LINE_MODE, runtime);
  return result;
}

cliTest("CON-10 the demo delivers its mail when the word is typed", async (runtime) => {
  const result = await demo(runtime, [asked, { do: "sendMatch", pattern: "Allow\\? \\[([a-z]{4})/N\\]", then: "\r" }]);
  assert.deepEqual(result.exit, { code: 0 });
  assert.match(result.raw, /encrypted with TLSv1\.3/);
  assert.match(result.raw, /Delivered\./);
  assert.match(result.raw, /Subject: You said yes/);
  const lines = stripVTControlCharacters(result.raw).split("\r\n");
  for (const line of lines) assert.ok([...line].length <= 80, `over 80 columns: ${line}`);
});

for (const [title, keys] of [["Enter alone", "\r"], ["y, which is not the word", "y\r"], ["Ctrl-D", "\x04"]] as const) {
  cliTest(`CON-10 the demo sends nothing after ${title}, and says what happened`, async (runtime) => {
    const result = await demo(runtime, [asked, { do: "send", text: keys }]);
    assert.deepEqual(result.exit, { code: 77 });
    assert.match(result.raw, /Refused\./);
    assert.doesNotMatch(result.raw, /EHLO/);
  });
}

cliTest("CON-10 Ctrl-C ends the demo with status 130", async (runtime) => {
  const result = await demo(runtime, [asked, { do: "send", text: "\x03" }]);
  assert.deepEqual(result.exit, { code: 130 });
  assert.doesNotMatch(result.raw, /EHLO/);
});

cliTest("CON-12 with CI set the demo is refused at once", async (runtime) => {
  const result = await demo(runtime, [], { env: { CI: "true" } });
  assert.deepEqual(result.exit, { code: 77 });
  assert.match(result.raw, /no terminal to ask at/);
});

cliTest("CON-23 --yes covers the demo's own server", async (runtime) => {
  const result = await demo(runtime, [], { args: ["--yes"] });
  assert.deepEqual(result.exit, { code: 0 });
  assert.doesNotMatch(result.raw, /Allow\?/);
});

cliTest("CON-11 parley connect escapes what the peer sends to a terminal", async (runtime) => {
  const server = createServer((socket) => void socket.end("\u001b[2J\u001b]52;c;eA==\u0007\u202eevil\r\n"));
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const where = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const args = ["connect", where, "--allow", where];
    const result = await runAtPty({
      runtime,
      program: PROGRAM,
      args,
      steps: [{ do: "expect", pattern: "evil" }, ends],
      stdout: "tty",
    });
    assert.equal(result.failed, null);
    for (const attack of ["\u001b[2J", "\u001b]52", "\u202e"]) {
      assert.ok(!result.raw.includes(attack), JSON.stringify(attack));
    }
    assert.match(result.raw, /u\{1b\}\[2J/);
  } finally {
    server.close();
  }
});
