/** How the prompt and the title look at real pseudo-terminals of several sizes and kinds. Runs under Deno. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "../support/harness.ts";
import { ptyMissing, type PtyResult, type PtyStep, runAtPty, runtimePath } from "../support/pty.ts";

const PROGRAM = fileURLToPath(new URL("./programs/ask.ts", import.meta.url));
const RUNTIMES = ["deno", "bun", "node"] as const;
const LIFETIMES = ["once", "run", "always"];
const missing = ptyMissing() ?? RUNTIMES.find((name) => runtimePath(name) === null) ?? null;
/** Until typing counts: the mark stands alone at the end. */
const asked: PtyStep = { do: "expect", pattern: "\\[[^\\]]*/N\\][^\\r\\n]* $" };

interface Look {
  readonly script: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

async function look(runtime: typeof RUNTIMES[number], { script, env = {}, columns = 80 }: Look): Promise<PtyResult> {
  const steps: PtyStep[] = [asked, { do: "send", text: "r\r" }, { do: "exit" }];
  const args = [JSON.stringify(script)];
  const result = await runAtPty({ runtime, program: PROGRAM, args, steps, env, columns, rows: 60 });
  assert.equal(result.failed, null, `${runtime}: ${JSON.stringify(result)}`);
  assert.match(result.stdout, /"lifetime":"run"/);
  return result;
}

/** The lines of the question as they were written, before the terminal wrapped any. */
function written({ raw }: PtyResult): string[] {
  // deno-lint-ignore no-control-regex
  return raw.slice(raw.search(/Parley\s+asks/)).replace(/\x1b\[[0-9;]*m/g, "").split("\r\n").map((line) =>
    line.trimEnd()
  );
}

for (const columns of [20, 40, 80]) {
  for (const env of [{}, { TERM: "dumb" }, { PARLEY_PROMPT: "plain" }, { LANG: "C", NO_COLOR: "1" }]) {
    const title = `NET-09 at ${columns} columns with ${JSON.stringify(env)} everything fits and is there (${RUNTIMES})`;
    test(title, async () => {
      const script = { questions: [{ host: "mail.example", claim: "the weekly report" }], lifetimes: LIFETIMES };
      await Promise.all(RUNTIMES.map(async (runtime) => {
        const result = await look(runtime, { script, env, columns });
        const wide = written(result).filter((line) => line.length >= columns && !/PARLEY_ALLOW=/.test(line));
        assert.deepEqual(wide, [], runtime);
        const text = written(result).join("").replace(/\s+/g, "");
        for (const part of ["mail.example,port25(SMTPmail)", "NOTENCRYPTED", "nobodychecked", "theweeklyreport"]) {
          assert.ok(text.includes(part), `${runtime}: ${part}`);
        }
        if (!("TERM" in env)) return;
        assert.match(written(result).join("\n"), /^[\x20-\x7e\n]*$/);
      }));
    }, { skip: missing });
  }
}

test(`CON-07 the title is shown, and put back at the end, where the terminal has one (${RUNTIMES})`, async () => {
  const script = { questions: [{ host: "mail.example" }], title: "parley: 1 connection (mail.example:25)" };
  await Promise.all(RUNTIMES.map(async (runtime) => {
    const { raw } = await look(runtime, { script });
    const set = raw.indexOf("\x1b[22;0t\x1b]2;parley: 1 connection (mail.example:25)\x1b\\");
    const restored = raw.lastIndexOf("\x1b[23;0t");
    assert.ok(set >= 0 && restored > set, `${runtime}: ${JSON.stringify(raw.slice(-200))}`);
    for (const TERM of ["dumb", "linux", "vt100"]) {
      const plain = await look(runtime, { script, env: { TERM } });
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(plain.raw, /\x1b\][02];|\x1b\[2[23];/, `${runtime} ${TERM}`);
    }
  }));
}, { skip: missing });
