/** `parley listen` and `parley sockets` at a real pseudo-terminal, on every runtime, as a person uses them. */
import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { test } from "../support/harness.ts";
import { ptyMissing, type PtyRuntime, type PtyStep, runAtPty, runtimePath } from "../support/pty.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const RUNTIMES: readonly PtyRuntime[] = ["deno", "bun", "node"];
const LINE_MODE = { icanon: true, echo: true, isig: true };
const asked: PtyStep = { do: "expect", pattern: "Allow\\?.*[›>] " };
const word: PtyStep = { do: "sendMatch", pattern: "Allow\\? \\[([a-z]{4})/N\\]", then: "\r" };
const ends: PtyStep = { do: "exit" };

function cliTest(title: string, run: (runtime: PtyRuntime) => Promise<void>): void {
  const missing = ptyMissing() ?? RUNTIMES.find((name) => runtimePath(name) === null) ?? null;
  test(`${title} (${RUNTIMES.join(", ")})`, async () => void await Promise.all(RUNTIMES.map(run)), { skip: missing });
}

cliTest(
  "NET-22 CON-10 parley listen asks for a word, says where it listens, and Ctrl-C ends it with 130",
  async (runtime) => {
    const listens: PtyStep = {
      do: "expect",
      pattern: "listening at 127\\.0\\.0\\.1:[1-9]\\d*, NOT ENCRYPTED, as approved",
    };
    const steps = [asked, word, listens, { do: "send", text: "\x03" } as const, ends];
    const result = await runAtPty({ runtime, program: PROGRAM, args: ["listen", "0"], steps });
    assert.equal(result.failed, null, `${runtime}: ${result.failed}\n${result.screen}`);
    assert.deepEqual(result.exit, { code: 130 });
    assert.deepEqual(result.flags, LINE_MODE, runtime);
    const text = stripVTControlCharacters(result.raw).replace(/\s+/g, " ");
    assert.match(text, /wants to accept connections at 127\.0\.0\.1, a port that the system picks\./);
    assert.match(text, /Other programs on this computer, and pages in a browser, can connect to it\./);
    for (const line of stripVTControlCharacters(result.raw).split("\r\n")) assert.ok([...line].length <= 80, line);
  },
);

for (const [title, keys] of [["Enter alone", "\r"], ["y, which is not the word", "y\r"], ["Ctrl-D", "\x04"]] as const) {
  cliTest(`CON-10 parley listen does not listen after ${title}`, async (runtime) => {
    const steps: PtyStep[] = [asked, { do: "send", text: keys }, ends];
    const result = await runAtPty({ runtime, program: PROGRAM, args: ["listen", "0.0.0.0:0"], steps });
    assert.deepEqual([result.failed, result.exit], [null, { code: 77 }], result.screen);
    assert.doesNotMatch(result.raw, /listening at/);
    const text = stripVTControlCharacters(result.raw).replace(/\s+/g, " ");
    assert.match(text, /Anyone who can reach this computer over the network can connect to it\./);
  });
}

cliTest(
  "NET-22 parley sockets --watch clears the screen of a terminal, and not that of a dumb one",
  async (runtime) => {
    await using temp = await makeTempDirectory("xdg");
    await chmod(temp.path, 0o700);
    for (const TERM of ["xterm", "dumb"]) {
      const shown: PtyStep = { do: "expect", pattern: "No socket of Parley is open" };
      const result = await runAtPty({
        runtime,
        program: PROGRAM,
        args: ["sockets", "--watch", "--interval", "0.1"],
        steps: [shown, shown, shown, { do: "send", text: "\x03" }, ends],
        env: { XDG_RUNTIME_DIR: temp.path, TERM },
        stdout: "tty",
      });
      assert.deepEqual([result.failed, result.exit], [null, { code: 130 }], result.screen);
      assert.equal(result.raw.includes("\u001b[2J"), TERM === "xterm");
    }
  },
);
