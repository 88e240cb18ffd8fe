import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import type { Answer, Prompter, Question } from "../prompter.ts";
import { createTerminalPrompter } from "./mod.ts";
import type { Terminal, TerminalBackend } from "./port.ts";
import { ScriptedTerminal } from "./scripted_terminal.ts";
import { type PromptFacts, TerminalPrompter } from "./terminal_prompter.ts";
import { testQuestion, type TestQuestionOptions } from "./test_question.ts";

const FACTS: PromptFacts = {
  noColor: undefined,
  term: "dumb",
  locale: undefined,
  ci: undefined,
  invocationId: undefined,
};
const ONCE: Answer = { kind: "allow", lifetime: "once", host: null };
const RUN: Answer = { kind: "allow", lifetime: "run", host: null };
const NO: Answer = { kind: "deny", reason: "refused" };
const ABORTED: Answer = { kind: "deny", reason: "aborted" };
const NO_TERMINAL: Answer = { kind: "deny", reason: "no-terminal" };
/** Quiet before, delay, quiet after: from here on typing counts. */
const READY_MS = 700;

interface Scene {
  readonly clock: ManualClock;
  readonly terminal: ScriptedTerminal;
  readonly prompter: Prompter;
  ask(options?: TestQuestionOptions, signal?: AbortSignal): Promise<Answer>;
}

function makeScene(facts: Partial<PromptFacts> = {}, present = true): Scene {
  const clock = new ManualClock();
  const terminal = new ScriptedTerminal({ clock, present });
  const random = (length: number): Uint8Array => new Uint8Array(length);
  const prompter = new TerminalPrompter({ terminal, clock, random, facts: { ...FACTS, ...facts } });
  return {
    clock,
    terminal,
    prompter,
    ask: (options = {}, signal = new AbortController().signal) => prompter.ask(testQuestion(options), signal),
  };
}

/** Asks, types once typing counts, and returns the answer. */
async function answerTo(keys: string, options: TestQuestionOptions = {}): Promise<Answer> {
  const { ask, clock, terminal } = makeScene();
  const answer = ask(options);
  await clock.advance(READY_MS);
  terminal.type(keys);
  await clock.advance(5_000);
  assert.equal(terminal.openings, 0);
  return await answer;
}

test("CON-10 y allows once, r for the run; Enter, n, Ctrl-D and pasted lines refuse", async () => {
  assert.deepEqual(await answerTo("y\r"), ONCE);
  assert.deepEqual(await answerTo("r\r"), RUN);
  for (const keys of ["\r", "n\r", "\x04", "yes\r", "y\ry\r", "y\rx", "\x1b[A\r"]) {
    assert.deepEqual(await answerTo(keys), NO, JSON.stringify(keys));
  }
});

test("CON-10 a risky question is answered by its word alone", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask({ host: "127.0.0.1" });
  await clock.advance(READY_MS);
  const word = /Allow\? \[(\w{4})\/N\]/.exec(terminal.screen)?.[1];
  terminal.type(`${word}\r`);
  await clock.advance(100);
  assert.deepEqual(await answer, ONCE);
  assert.deepEqual(await answerTo("y\r", { host: "127.0.0.1" }), NO);
});

test("CON-10 what was typed before the question does not count, ended or not", async () => {
  for (const ahead of ["y\r", "y"]) {
    const { ask, clock, terminal } = makeScene();
    terminal.type(ahead);
    const answer = ask();
    await clock.advance(READY_MS);
    terminal.type("\r");
    await clock.advance(100);
    assert.deepEqual(await answer, NO, JSON.stringify(ahead));
  }
});

test("CON-10 what is typed within 500 ms of the question does not count, and the operator is told", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask();
  terminal.typeAfter(400, "y\r");
  terminal.typeAfter(590, "y");
  await clock.advance(599);
  assert.doesNotMatch(terminal.screen, /Allow\?/);
  await clock.advance(200);
  assert.match(terminal.screen, /typed before this line does not count\.\n.*Allow\?/);
  terminal.type("\r");
  await clock.advance(100);
  assert.deepEqual(await answer, NO);
});

test("CON-10 while keys keep coming nothing is asked, and after three seconds the question is given up", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask();
  for (let ms = 0; ms < 4_000; ms += 50) terminal.typeAfter(ms, "y\r");
  await clock.advance(4_000);
  assert.deepEqual(await answer, ABORTED);
  assert.doesNotMatch(terminal.screen, /Allow\?/);
});

test("CON-10 the keys that answer one question do not answer the next", async () => {
  const { ask, clock, terminal } = makeScene();
  const answers = [ask({ number: 1 }), ask({ number: 2, host: "other.example" })];
  await clock.advance(READY_MS);
  terminal.type("y\r");
  terminal.typeAfter(30, "y\r");
  await clock.advance(READY_MS + 100);
  assert.deepEqual(await answers[0], ONCE);
  terminal.type("\r");
  await clock.advance(100);
  assert.deepEqual(await answers[1], NO);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 2);
});

test("CON-12 without a terminal, in CI and in a service the answer is no at once, and nothing is written", async () => {
  for (const scene of [makeScene({}, false), makeScene({ ci: "true" }), makeScene({ invocationId: "ab12" })]) {
    assert.deepEqual(await scene.ask(), NO_TERMINAL);
    assert.equal(scene.terminal.screen, "");
    assert.equal(scene.clock.pendingTimers, 0);
  }
  const empty = makeScene({ ci: "" });
  const answer = empty.ask();
  await empty.clock.advance(READY_MS);
  empty.terminal.type("y\r");
  await empty.clock.advance(100);
  assert.deepEqual(await answer, ONCE);
});

test("a background job waits with its question until it is in the foreground, and then asks from the start", async () => {
  const { ask, clock, terminal } = makeScene();
  terminal.attend("background");
  const answer = ask();
  await clock.advance(60_000);
  assert.equal(terminal.screen, "");
  terminal.attend("foreground");
  await clock.advance(1_000);
  assert.match(terminal.screen, /Allow\?/);
  terminal.attend("background");
  terminal.type("y\r");
  await clock.advance(1_000);
  terminal.attend("foreground");
  await clock.advance(1_000);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 2);
  terminal.type("r\r");
  await clock.advance(100);
  assert.deepEqual(await answer, RUN);
});

test("Ctrl-C while asking aborts the question and those that wait; the process had its signal already", async () => {
  const { ask, clock, terminal } = makeScene();
  const answers = [ask(), ask({ host: "other.example" })];
  await clock.advance(READY_MS);
  terminal.type("\x03");
  await clock.advance(100);
  assert.deepEqual(await Promise.all(answers), [ABORTED, ABORTED]);
  assert.equal(terminal.interrupts, 0);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 1);
});

test("Ctrl-C that was swallowed while draining reaches the process after the terminal was closed", async () => {
  const { ask, clock, terminal } = makeScene();
  terminal.type("\x03");
  const answer = ask();
  await clock.advance(10);
  assert.deepEqual(await answer, ABORTED);
  assert.equal(terminal.interrupts, 1);
  assert.equal(terminal.openings, 0);
});

test("a hang-up aborts the question, at any time", async () => {
  for (const atMs of [50, 300, 650, 900]) {
    const { ask, clock, terminal } = makeScene();
    const answer = ask();
    await clock.advance(atMs);
    terminal.attend("gone");
    await clock.advance(1_000);
    assert.deepEqual(await answer, ABORTED, String(atMs));
  }
});

test("the program can withdraw its question at any time, and the operator is told", async () => {
  for (const atMs of [0, 50, 300, 650, 900]) {
    const { ask, clock, terminal } = makeScene();
    const controller = new AbortController();
    const answer = ask({}, controller.signal);
    await clock.advance(atMs);
    controller.abort();
    assert.deepEqual(await answer, ABORTED, String(atMs));
    await clock.advance(1_000);
    assert.equal(terminal.openings, 0);
    assert.equal(/withdrew the question/.test(terminal.screen), /Parley asks/.test(terminal.screen), String(atMs));
    assert.equal(clock.pendingTimers, 0);
  }
});

test("NET-02 the operator types the host, and is asked about it", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask({ host: null, port: 80 });
  await clock.advance(READY_MS);
  terminal.type("not a host\r");
  await clock.advance(100);
  assert.match(terminal.screen, /Cannot use host/);
  terminal.type("web.example\r");
  terminal.typeAfter(50, "y\r");
  await clock.advance(READY_MS + 100);
  assert.match(terminal.screen, /wants to connect to web\.example/);
  terminal.type("r\r");
  await clock.advance(100);
  assert.deepEqual(await answer, { kind: "allow", lifetime: "run", host: "web.example" });
});

test("CON-11 ? shows the full values page by page, and then the question again", async () => {
  const { ask, clock, terminal } = makeScene();
  const claim = "z".repeat(3_000);
  const answer = ask({ claim });
  await clock.advance(READY_MS);
  terminal.type("?\r");
  await clock.advance(100);
  for (let page = 1; /Page \d+ of \d+[^\n]*> $/.test(terminal.screen); page++) {
    assert.ok(page < 20);
    terminal.type("\r");
    await clock.advance(100);
  }
  const values = terminal.screen.slice(
    terminal.screen.indexOf("the program's words"),
    terminal.screen.lastIndexOf("how not"),
  );
  assert.equal(values.match(/z/g)?.length, claim.length);
  await clock.advance(READY_MS);
  terminal.type("y\r");
  await clock.advance(100);
  assert.deepEqual(await answer, ONCE);
});

test("CON-10 a terminal that fails in any method makes a no, never a rejection", async () => {
  const clock = new ManualClock();
  const fail = (): never => {
    throw new TypeError("broken");
  };
  const broken: Terminal = {
    columns: fail,
    rows: fail,
    attendance: fail,
    reserve: fail,
    holds: fail,
    release: fail,
    write: fail,
    drain: fail,
    readLine: fail,
    interrupt: fail,
    close: () => {},
  };
  const backends: TerminalBackend[] = [{ open: fail }, { open: () => Promise.resolve(broken) }];
  for (const terminal of backends) {
    const prompter = new TerminalPrompter({
      terminal,
      clock,
      random: (length) => new Uint8Array(length),
      facts: FACTS,
    });
    assert.deepEqual(await prompter.ask(testQuestion(), new AbortController().signal), ABORTED);
    assert.deepEqual(await prompter.ask(testQuestion(), new AbortController().signal), ABORTED);
  }
});

const NO_ACT: Answer = { kind: "deny", reason: "no-act" };
const ANNOUNCED = /parley: main\.ts wants to ask something more\.\s+Press Enter to see question 4\./;

/** Answers the three questions that the start counts for. */
async function afterThree(keys: string): Promise<Scene> {
  const scene = makeScene();
  for (const number of [1, 2, 3]) {
    const answer = scene.ask({ number, host: `h${number}.example` });
    await scene.clock.advance(READY_MS);
    scene.terminal.type(keys);
    await scene.clock.advance(100);
    await answer;
  }
  return scene;
}

test("NET-11 the fourth question is announced in one line, and Enter shows it", async () => {
  const { ask, clock, terminal } = await afterThree("n\r");
  const answer = ask({ number: 4 });
  await clock.advance(READY_MS);
  assert.match(terminal.screen, ANNOUNCED);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 3);
  terminal.type("\r");
  await clock.advance(READY_MS);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 4);
  terminal.type("y\r");
  await clock.advance(100);
  assert.deepEqual(await answer, ONCE);
});

test("NET-11 what is typed before the line, or within 500 ms of it, shows nothing", async () => {
  const { ask, clock, terminal } = await afterThree("n\r");
  terminal.type("\r");
  const answer = ask({ number: 4 });
  terminal.typeAfter(400, "\r");
  terminal.typeAfter(590, "\r");
  await clock.advance(20_000);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 3);
  await clock.advance(20_000);
  assert.deepEqual(await answer, NO_ACT);
  assert.equal(terminal.openings, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-11 anything but Enter alone is no act, and nobody is bothered again for a minute", async () => {
  for (const keys of ["y\r", " \r", "\r\r", "\x04"]) {
    const { ask, clock, terminal } = await afterThree("n\r");
    const answer = ask({ number: 4 });
    await clock.advance(READY_MS);
    terminal.type(keys);
    await clock.advance(100);
    assert.deepEqual(await answer, NO_ACT, JSON.stringify(keys));
    const { length } = terminal.screen;
    assert.deepEqual(await ask({ number: 5 }), NO_ACT);
    assert.equal(terminal.screen.length, length);
    await clock.advance(60_000);
    const later = ask({ number: 6 });
    await clock.advance(READY_MS);
    assert.match(terminal.screen, /see question 6/);
    terminal.type("\x03");
    await clock.advance(100);
    assert.deepEqual(await later, ABORTED);
  }
});

test("NET-11 a yes counts for the next question within five seconds, a no does not", async () => {
  const { ask, clock, terminal } = await afterThree("y\r");
  const answer = ask({ number: 4 });
  await clock.advance(READY_MS);
  assert.doesNotMatch(terminal.screen, ANNOUNCED);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 4);
  terminal.type("n\r");
  await clock.advance(100);
  assert.deepEqual(await answer, NO);
  const next = ask({ number: 5, host: "other.example" });
  await clock.advance(40_000);
  assert.deepEqual(await next, NO_ACT);
});

test("NET-11 a program that was started in the background is announced from the first question on", async () => {
  const clock = new ManualClock();
  const terminal = new ScriptedTerminal({ clock });
  terminal.attend("background");
  const random = (length: number): Uint8Array => new Uint8Array(length);
  const prompter = new TerminalPrompter({ terminal, clock, random, facts: FACTS });
  const answer = prompter.ask(testQuestion(), new AbortController().signal);
  terminal.attend("foreground");
  await clock.advance(1_000);
  assert.match(terminal.screen, /main\.ts wants to ask something\. Press Enter/);
  terminal.type("\r");
  await clock.advance(READY_MS);
  terminal.type("r\r");
  await clock.advance(100);
  assert.deepEqual(await answer, RUN);
});

test("NET-11 the line can be withdrawn, hung up on and left for the background", async () => {
  const withdrawn = await afterThree("n\r");
  const controller = new AbortController();
  const first = withdrawn.ask({ number: 4 }, controller.signal);
  await withdrawn.clock.advance(READY_MS);
  controller.abort();
  assert.deepEqual(await first, ABORTED);
  await withdrawn.clock.advance(100);
  assert.equal(withdrawn.terminal.openings, 0);
  assert.equal(withdrawn.clock.pendingTimers, 0);

  const { ask, clock, terminal } = await afterThree("n\r");
  const answer = ask({ number: 4 });
  await clock.advance(READY_MS);
  terminal.attend("background");
  terminal.type("\r");
  await clock.advance(60_000);
  terminal.attend("foreground");
  await clock.advance(1_000);
  assert.equal(terminal.screen.match(/see question 4/g)?.length, 2);
  terminal.attend("gone");
  await clock.advance(100);
  assert.deepEqual(await answer, ABORTED);
});

test("CON-10 of 50 requests in a second four are asked, and one line counts the rest", async () => {
  const { ask, clock, terminal } = makeScene();
  const answers = Array.from({ length: 50 }, (_, n) => ask({ number: n + 1, host: `h${n}.example` }));
  await clock.advance(READY_MS);
  terminal.type("n\r");
  await clock.advance(100);
  for (const number of [2, 3]) {
    await clock.advance(READY_MS);
    assert.match(terminal.screen, new RegExp(`question ${number}\\b`));
    terminal.type("n\r");
    await clock.advance(100);
  }
  await clock.advance(40_000);
  const reasons = (await Promise.all(answers)).map((answer) => answer.kind === "deny" ? answer.reason : "allowed");
  assert.deepEqual(reasons.slice(0, 4), ["refused", "refused", "refused", "no-act"]);
  assert.deepEqual(new Set(reasons.slice(4)), new Set(["queue-full"]));
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 3);
  assert.equal(terminal.screen.match(/46 more requests were refused/g)?.length, 1);
});

test("CON-10 a question waits silently while another process's question stands", async () => {
  const { ask, clock, terminal } = makeScene();
  terminal.take(true);
  const answer = ask();
  await clock.advance(60_000);
  assert.equal(terminal.screen, "");
  terminal.take(false);
  await clock.advance(READY_MS + 100);
  assert.match(terminal.screen, /Allow\?/);
  terminal.type("y\r");
  await clock.advance(100);
  assert.deepEqual(await answer, ONCE);
});

test("CON-10 a line that was typed after the turn was lost does not count", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask();
  await clock.advance(READY_MS);
  terminal.take(true);
  terminal.type("y\r");
  await clock.advance(5_000);
  terminal.take(false);
  await clock.advance(READY_MS + 100);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 2);
  terminal.type("\r");
  await clock.advance(100);
  assert.deepEqual(await answer, NO);
});

test("CON-23 a question waits while nobody is attached, and what was typed meanwhile is not for it", async () => {
  const { ask, clock, terminal } = makeScene();
  const answer = ask();
  await clock.advance(READY_MS);
  terminal.attend("detached");
  terminal.type("y\r");
  await clock.advance(10_000);
  terminal.attend("foreground");
  await clock.advance(READY_MS + 300);
  assert.equal(terminal.screen.match(/Parley asks/g)?.length, 2);
  terminal.type("n\r");
  await clock.advance(100);
  assert.deepEqual(await answer, NO);
});

test("CON-23 the prompter tells when the terminal is gone, until it is not to", async () => {
  const { clock, terminal, prompter } = makeScene();
  const told: string[] = [];
  const stop = prompter.onGone?.((reason) => told.push(reason));
  terminal.attend("detached");
  await clock.advance(1_000);
  assert.deepEqual(told, ["the terminal was detached"]);
  stop?.();
  terminal.attend("gone");
  await clock.advance(1_000);
  assert.equal(told.length, 1);
  const blind = new TerminalPrompter({
    terminal: { open: () => Promise.resolve(null) },
    clock,
    random: (length) => new Uint8Array(length),
    facts: FACTS,
  });
  blind.onGone(() => assert.fail("nothing can be told"))();
});

test("there is one prompter for a terminal, with the environment of its host", async () => {
  const clock = new ManualClock();
  const terminal = new ScriptedTerminal({ clock });
  const launch = { env: (name: string) => name === "CI" ? "true" : undefined };
  const prompter = createTerminalPrompter({ terminal, clock, launch });
  assert.equal(createTerminalPrompter({ terminal, clock, launch }), prompter);
  const question: Question = testQuestion();
  assert.deepEqual(await prompter.ask(question, new AbortController().signal), NO_TERMINAL);
});
