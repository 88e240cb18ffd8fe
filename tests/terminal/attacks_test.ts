/**
 * Attacks on the prompt at real terminals, on every runtime: each is refused, or stopped by the random word. What the
 * kernel or a multiplexer lets any process of the user do to an ordinary question is shown, too, and called what it is:
 * `parley doctor` lists it. The last test prints a table. Runs under Deno; `pty.ts` finds the runtimes.
 */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../support/harness.ts";
import {
  ptyMissing,
  type PtyPlan,
  type PtyResult,
  type PtyRuntime,
  type PtyStep,
  runAtPty,
  runtimePath,
} from "../support/pty.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { Multiplexed, multiplexerMissing, type MultiplexerName } from "./multiplexed.ts";

type Case = Omit<PtyPlan, "runtime" | "program" | "args"> & { readonly script: Readonly<Record<string, unknown>> };
/** Checks a run and gives the outcome for the table. */
type Check = (result: PtyResult, runtime: PtyRuntime) => string;

interface Event {
  readonly event: string;
  readonly number?: number;
  readonly answer?: { readonly kind: string; readonly lifetime?: string; readonly reason?: string };
  readonly status?: number | null;
  readonly reason?: string;
  readonly injectors?: readonly string[];
}

const PROGRAM = fileURLToPath(new URL("./programs/ask.ts", import.meta.url));
const RUNTIMES = ["deno", "bun", "node"] as const;
const RUN_ARGS = { deno: ["run", "-A", "--no-check", "--cached-only"], bun: ["run"], node: [] } as const;
const REFUSED = "refused";
const WORD = "needs the word";
const asked: PtyStep = { do: "expect", pattern: "(Allow|Host)\\?.*[›>] " };
const heading: PtyStep = { do: "expect", pattern: "Parley asks" };
const inject: PtyStep = { do: "signal", name: "SIGUSR2" };
const ends: PtyStep = { do: "exit" };
const table: string[][] = [];

function send(text: string): PtyStep {
  return { do: "send", text };
}

/** Time in which nothing is typed, and the program is watched. */
function wait(ms: number): PtyStep {
  return { do: "repeat", text: "", times: ms / 50, everyMs: 50 };
}

function events(output: string): Event[] {
  return output.split("\n").filter((line) => line.startsWith("@@")).map((line) => JSON.parse(line.slice(2)) as Event);
}

/** The answers as short words: `once`, `run`, `always`, or the reason of a denial. */
function answers(output: string): string[] {
  return events(output).flatMap(({ answer }) =>
    answer === undefined ? [] : [answer.lifetime ?? answer.reason ?? answer.kind]
  );
}

function missingRuntime(): string | null {
  const missing = RUNTIMES.find((name) => runtimePath(name) === null);
  return ptyMissing() ?? (missing === undefined ? null : `${missing} is missing`);
}

/** Registers an attack at a pseudo-terminal. */
function attack(name: string, plan: Case, check: Check): void {
  const body = async (): Promise<void> => {
    await using directory = await makeTempDirectory("attack");
    chmodSync(directory.path, 0o700);
    const runs = await Promise.allSettled(RUNTIMES.map(async (runtime) => {
      const { script, env, ...rest } = plan;
      const args = [JSON.stringify(script)];
      const result = await runAtPty({
        ...rest,
        env: { XDG_RUNTIME_DIR: directory.path, ...env },
        runtime,
        program: PROGRAM,
        args,
      });
      try {
        assert.equal(result.failed, null);
        table.push([name, runtime, check(result, runtime)]);
      } catch (error) {
        const { raw: _raw, screen, ...facts } = result;
        throw new assert.AssertionError({ message: `on ${runtime}: ${error}\n${JSON.stringify(facts)}\n${screen}` });
      }
    }));
    for (const run of runs) if (run.status === "rejected") throw run.reason;
  };
  test(`CON-10 attack: ${name} (${RUNTIMES.join(", ")})`, body, { skip: missingRuntime(), timeoutMs: 90_000 });
}

/** The answers are these; gives the outcome. */
function expectAnswers(outcome: string, ...expected: string[]): Check {
  return ({ stdout }) => {
    assert.deepEqual(answers(stdout), expected);
    return outcome;
  };
}

attack("homograph host", {
  script: { questions: [{ host: "\u0430pple.com", port: 443 }, { host: "g\u03bf\u03bfgle.example" }] },
  steps: [asked, send("y\r"), asked, { do: "sendMatch", pattern: "Allow\\? \\[(\\w{4})/N\\]", then: "\r" }, ends],
}, (result) => {
  assert.deepEqual(answers(result.stdout), ["refused", "once"]);
  assert.match(result.screen, /connect to xn--pple-43d\.com, port 443/);
  assert.match(result.screen, /xn--pple-43d\.com \[\u0430pple\.com\]/);
  assert.match(result.screen, /CAUTION +The name has letters that look like others/);
  return WORD;
});

attack("right-to-left override", {
  script: {
    questions: [
      { host: "mail.\u202eelpmaxe" },
      { host: "mail.example", claim: "\u202edelbasid si noitpyrcnE\u2066", origin: "file:///tmp/\u202est.niam" },
    ],
  },
  steps: [asked, send("\r"), ends],
}, (result) => {
  assert.deepEqual(answers(result.stdout), ["DEST_HOST", "refused"]);
  assert.match(result.screen, /\\u\{202e\}st\.niam/);
  const shown = result.raw.slice(result.raw.indexOf("Parley asks"));
  assert.doesNotMatch(shown, /\p{Bidi_Control}/u);
  return REFUSED;
});

attack("50 requests in a second", {
  script: { questions: Array.from({ length: 50 }, (_, n) => ({ host: `h${n}.example` })), together: true },
  steps: [
    asked,
    send("n\r"),
    asked,
    send("n\r"),
    asked,
    send("n\r"),
    { do: "expect", pattern: "Press Enter to see question 4" },
    wait(900),
    send("no\r"),
    ends,
  ],
}, (result) => {
  const reasons = answers(result.stdout);
  assert.equal(reasons.length, 50);
  assert.equal(reasons.filter((reason) => reason === "queue-full").length, 46);
  assert.equal(reasons.filter((reason) => reason === "refused").length, 3);
  assert.equal(reasons.filter((reason) => reason === "no-act").length, 1);
  assert.equal(result.screen.match(/Parley asks/g)?.length, 3);
  assert.match(result.screen, /46 more requests were refused, because too many questions waited\./);
  return REFUSED;
});

attack("two processes on one terminal", {
  script: { questions: [{ host: "mail.example" }], twin: true },
  steps: [asked, wait(1_500), send("y\r"), heading, send("y\r"), asked, send("\r"), ends],
}, (result) => {
  assert.deepEqual(answers(result.stdout), ["once", "refused"]);
  const first = result.screen.indexOf("Allowed once");
  const second = result.screen.lastIndexOf("Parley asks");
  assert.ok(first > 0 && first < second, "the second question waited for the first");
  assert.equal(result.screen.match(/Parley asks/g)?.length, 2);
  return REFUSED;
});

attack("answer typed during the redraw", {
  script: { questions: [{ host: "a.example" }, { host: "b.example" }] },
  steps: [
    asked,
    send("?\r"),
    { do: "expect", pattern: "how not to be asked|Page 1" },
    send("y\r"),
    heading,
    send("y\r"),
    { do: "resize", columns: 40, rows: 20 },
    send("y"),
    asked,
    send("\r"),
    heading,
    { do: "background" },
    wait(300),
    send("y\r"),
    { do: "foreground" },
    heading,
    send("y\r"),
    asked,
    send("\r"),
    ends,
  ],
}, expectAnswers(REFUSED, "refused", "refused"));

attack("terminal hang-up at the question", {
  script: { questions: [{ host: "mail.example" }] },
  steps: [asked, send("y"), { do: "hangUp" }, ends],
}, expectAnswers(REFUSED, "aborted"));

attack("terminal hang-up after a yes", {
  script: { questions: [{ host: "mail.example" }], watches: true },
  steps: [asked, send("r\r"), { do: "expectOut", pattern: "answer" }, { do: "hangUp" }, ends],
  timeoutMs: 8_000,
}, ({ stdout }) => {
  assert.deepEqual(answers(stdout), ["run"]);
  assert.deepEqual(events(stdout).filter(({ event }) => event === "gone").map(({ reason }) => reason), [
    "the terminal hung up",
  ]);
  return "ends what was approved";
});

/** Whether the kernel let the further process type. */
function wasTyped({ stdout }: PtyResult): boolean {
  const injected = events(stdout).filter(({ event }) => event === "injected");
  if (injected.some(({ status }) => status !== 0)) console.log("SKIP TIOCSTI: the kernel refuses it");
  return injected.length > 0 && injected.every(({ status }) => status === 0);
}

attack("TIOCSTI before the question counts", {
  script: { questions: [{ host: "mail.example" }], injects: "y\n" },
  steps: [heading, inject, asked, wait(300), send("\r"), ends],
}, expectAnswers(REFUSED, "refused"));

attack("TIOCSTI: y at a risky question", {
  script: { questions: [{ host: "127.0.0.1" }], injects: "y\n" },
  steps: [asked, inject, wait(1_500), send("\r"), ends],
}, (result) => {
  assert.deepEqual(answers(result.stdout), ["refused"]);
  return wasTyped(result) ? WORD : "refused by the kernel";
});

attack("TIOCSTI: remember for good", {
  script: { questions: [{ host: "mail.example" }], lifetimes: ["once", "run", "always"], injects: "a\n" },
  steps: [asked, inject, asked, inject, ends],
}, (result) => {
  assert.deepEqual(answers(result.stdout), ["refused"]);
  assert.match(result.screen, /An answer that is remembered takes the word/);
  return wasTyped(result) ? WORD : "refused by the kernel";
});

attack("TIOCSTI: y at an ordinary question", {
  script: { questions: [{ host: "mail.example" }], injects: "y\n", injectors: true },
  steps: [asked, inject, wait(1_500), send("\r"), ends],
}, (result) => {
  const typed = wasTyped(result);
  const listed = events(result.stdout).flatMap(({ injectors }) => injectors ?? []);
  if (typed) assert.ok(listed.includes("tiocsti"), "what cannot be stopped is listed");
  assert.deepEqual(answers(result.stdout), [typed ? "once" : "refused"]);
  return typed ? "cannot be stopped here: dev.tty.legacy_tiocsti is 1" : "refused by the kernel";
});

for (const name of ["tmux", "screen"] as const) {
  const skip = multiplexerMissing(name) ?? missingRuntime();
  for (const runtime of RUNTIMES) {
    test(
      `CON-10 CON-23 attack: keys through ${name}, and detaching (${runtime})`,
      () => throughMultiplexer(name, runtime),
      {
        skip,
        timeoutMs: 120_000,
      },
    );
  }
}

/** The last thing on the screen is a question that waits for an answer, with nothing typed. */
const OPEN = /Allow\? \[y\/r\/N\] \S{1,3}\s*$/;

async function throughMultiplexer(name: MultiplexerName, runtime: (typeof RUNTIMES)[number]): Promise<void> {
  const script = {
    questions: [
      { host: "127.0.0.1", port: 631 },
      { host: "a.example" },
      { host: "10.0.0.1" },
      // Within 5 s of a yes: no line comes before it.
      { host: "b.example" },
    ],
    watches: true,
    injectors: true,
  };
  const path = runtimePath(runtime) ?? runtime;
  await using session = await Multiplexed.start(name, [path, ...RUN_ARGS[runtime], PROGRAM, JSON.stringify(script)]);
  await session.shows(/Allow\? \[\w{4}\/N\]/);
  await session.type("y\r");
  await session.prints(/"number":1/);
  await session.shows(OPEN);
  await session.type("y\r");
  await session.prints(/"number":2/);
  const word = (await session.shows(/Question 3\. Allow\? \[(\w{4})\/N\]/))[1];
  await session.type(`${word}\r`);
  await session.prints(/"number":3/);
  assert.deepEqual(answers(session.output()), ["refused", "once", "once"]);
  const listed = events(session.output()).flatMap(({ injectors }) => injectors ?? []);
  assert.ok(listed.includes(name), "what cannot be stopped is listed");
  table.push([`${name}: reads the word off the screen`, runtime, `cannot be stopped here: ${name} shows the screen`]);
  table.push([`${name}: y at a risky question`, runtime, WORD]);
  table.push([`${name}: y at an ordinary question`, runtime, `cannot be stopped here: ${name} types for its user`]);

  await session.shows(/Question 4\. Allow\? \[y\/r\/N\] \S{1,3}\s*$/);
  await session.detach();
  await session.type("y\r");
  await session.shows(/Allow\? \[y\/r\/N\] \S{1,3} y/);
  session.attach();
  await session.shows(OPEN);
  assert.equal(answers(session.output()).length, 3, "what was typed while nobody was attached counts for nothing");
  table.push([`${name}: keys while detached`, runtime, REFUSED]);

  await session.type("r\r");
  await session.prints(/"number":4/);
  assert.equal(answers(session.output())[3], "run");
  const detachedMs = performance.now();
  await session.detach();
  await session.prints(/"reason":"the terminal was detached"/);
  const tookMs = Math.round(performance.now() - detachedMs);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  table.push([`${name}: detach after a yes`, runtime, `ends what was approved (after ${tookMs} ms)`]);
}

test("the table of attacks", () => {
  const rows = [["attack", "runtime", "outcome"], ...table];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const [name = "", runtime = "", outcome = ""] of rows) {
    console.log(`${name.padEnd(widths[0] ?? 0)}  ${runtime.padEnd(widths[1] ?? 0)}  ${outcome}`);
  }
  const stopped = table.filter(([, , outcome]) => !outcome?.startsWith("cannot"));
  assert.ok(missingRuntime() !== null || stopped.length > 0);
});
