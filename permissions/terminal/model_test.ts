import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import type { Answer } from "../prompter.ts";
import {
  advanceQuestion,
  ARM_DELAY_MS,
  type Cause,
  type PromptEvent,
  type QuestionState,
  startQuestion,
} from "./model.ts";
import { testQuestion, type TestQuestionOptions } from "./test_question.ts";

const WORD = "kiwi";

function line(text: string, extra: Partial<Extract<PromptEvent, { kind: "line" }>> = {}): PromptEvent {
  return { kind: "line", atMs: 5_000, text, cut: false, more: false, ...extra };
}

/** A question that has been drawn at 0 and is ready. */
function ready(options: TestQuestionOptions = {}): QuestionState {
  return armed(startQuestion(testQuestion(options), WORD));
}

function armed(state: QuestionState): QuestionState {
  const drawn = advanceQuestion(state, { kind: "drawn", atMs: 0 });
  return advanceQuestion(drawn, { kind: "armed", atMs: ARM_DELAY_MS, discarded: false });
}

function typed(state: QuestionState, ...lines: string[]): QuestionState {
  return lines.reduce((now, text) => advanceQuestion(now, line(text)), state);
}

function ends(state: QuestionState, answer: Answer, cause: Cause): void {
  assert.equal(state.phase, "answered");
  assert.deepEqual(state.answer, answer);
  assert.equal(state.cause, cause);
}

const once: Answer = { kind: "allow", lifetime: "once", host: null };
const run: Answer = { kind: "allow", lifetime: "run", host: null };
const refused: Answer = { kind: "deny", reason: "refused" };

test("CON-10 y allows once and r for the run, in either case and with blanks around", () => {
  for (const text of ["y", "Y", " y", "y \t"]) ends(typed(ready(), text), once, "key");
  for (const text of ["r", "R"]) ends(typed(ready(), text), run, "key");
});

const always: Answer = { kind: "allow", lifetime: "always", host: null };
const ALL = { lifetimes: ["once", "run", "always"] } as const;

test("CON-10 a remembered answer takes the word even where a key is enough for the others", () => {
  for (const text of ["kiwi a", "KIWI A", " kiwi   a "]) ends(typed(ready(ALL), text), always, "word");
  ends(typed(ready(ALL), "y"), once, "key");
  ends(typed(ready(ALL), "r"), run, "key");
  for (const text of ["kiwi", "kiwi r", "kiwia", "kiwi aa", "a kiwi", "kilo a", "always"]) {
    ends(typed(ready(ALL), text), refused, "other-text");
  }
});

test("CON-10 a alone says that the word is needed and asks again, once", () => {
  for (const host of ["mail.example", "10.0.0.1"]) {
    const told = typed(ready({ ...ALL, host }), "a");
    assert.equal(told.phase, "asking");
    assert.deepEqual(told.notice, { kind: "word-for-always" });
    ends(typed(told, "kiwi a"), always, "word");
    ends(typed(told, "a"), refused, "key-for-word");
    ends(typed(told, ""), refused, "enter");
    // Showing all values in between gives no further try.
    ends(typed(armed(advanceQuestion(typed(told, "?"), { kind: "paged" })), "A"), refused, "key-for-word");
  }
});

test("CON-10 where nothing is remembered neither a nor the word with it does anything", () => {
  assert.deepEqual(typed(ready(), "a").notice, { kind: "unknown-key" });
  ends(typed(ready(), "kiwi a"), refused, "other-text");
  ends(typed(ready({ host: "10.0.0.1" }), "kiwi a"), refused, "not-offered");
  ends(typed(ready({ host: "10.0.0.1", lifetimes: ALL.lifetimes }), "kiwi a"), always, "word");
});

test("CON-11 a name that looks like another takes the word, whoever wrote it", () => {
  const homograph = "\u0430pple.com";
  ends(typed(ready({ host: homograph }), "y"), refused, "key-for-word");
  ends(typed(ready({ host: homograph }), "kiwi"), once, "word");
  const host = typed(ready({ host: null }), homograph);
  assert.equal(host.risk, "look-alike");
  ends(typed(armed(host), "y"), refused, "key-for-word");
  assert.equal(ready({ host: "m\u00fcller.example" }).risk, null);
});

test("CON-10 Enter alone, n, Ctrl-D and every text that is no answer refuse", () => {
  ends(typed(ready(), ""), refused, "enter");
  ends(typed(ready(), "  "), refused, "enter");
  for (const text of ["n", "N", "no"]) ends(typed(ready(), text), refused, "no-key");
  for (const text of ["yes", "yy", "y r", "allow", "\x1b[A", "y\0", "\uff59es"]) {
    ends(typed(ready(), text), refused, "other-text");
  }
  ends(advanceQuestion(ready(), { kind: "end-of-input" }), refused, "end-of-input");
});

test("CON-10 an unknown single key is asked about twice, then it is a no", () => {
  const second = typed(ready(), "x", "z");
  assert.equal(second.phase, "asking");
  assert.deepEqual(second.notice, { kind: "unknown-key" });
  ends(typed(second, "y"), once, "key");
  ends(typed(second, "x"), refused, "other-text");
});

test("CON-10 letters that merely look like y or lower to ASCII do not count", () => {
  for (const text of ["\u0443", "\uff59", "\u028f", "\u024f", "\x1b", "\x19"]) {
    assert.equal(typed(ready(), text).phase, "asking", JSON.stringify(text));
  }
  assert.equal(typed(ready({ host: "10.0.0.1" }), "\u212aiwi").cause, "wrong-word");
});

test("CON-10 a line counts only from 500 ms after the question was drawn", () => {
  const drawn = advanceQuestion(startQuestion(testQuestion(), WORD), { kind: "drawn", atMs: 100 });
  const early = advanceQuestion(drawn, { kind: "armed", atMs: 100 + ARM_DELAY_MS - 1, discarded: false });
  assert.equal(early.phase, "arming");
  ends(advanceQuestion(drawn, line("y")), refused, "too-early");
  const asking = advanceQuestion(drawn, { kind: "armed", atMs: 100 + ARM_DELAY_MS, discarded: true });
  assert.deepEqual(asking.notice, { kind: "early" });
  ends(advanceQuestion(asking, line("y", { atMs: 100 + ARM_DELAY_MS - 1 })), refused, "too-early");
  ends(typed(asking, "y"), once, "key");
});

test("CON-10 a paste of several lines and an overlong line refuse, whatever they say", () => {
  ends(advanceQuestion(ready(), line("y", { more: true })), refused, "pasted");
  ends(advanceQuestion(ready(), line("?", { more: true })), refused, "pasted");
  ends(advanceQuestion(ready(), line("y", { cut: true })), refused, "too-long");
});

test("CON-10 a risky question takes the word, and the word with r for the run", () => {
  for (const host of ["127.0.0.1", "localhost", "192.168.1.4", "169.254.169.254", "fe80::1"]) {
    const state = ready({ host });
    assert.notEqual(state.risk, null, host);
    ends(typed(state, WORD), once, "word");
    ends(typed(state, "KIWI"), once, "word");
    ends(typed(state, `${WORD}  r`), run, "word");
  }
});

test("CON-10 y, r and a wrong word refuse a risky question", () => {
  const state = ready({ host: "10.0.0.7" });
  for (const text of ["y", "r", "yes", "Y"]) ends(typed(state, text), refused, "key-for-word");
  for (const text of ["kiw", "kiwis", "lime", "y kiwi", "kiwi y"]) ends(typed(state, text), refused, "wrong-word");
  ends(typed(state, ""), refused, "enter");
  ends(typed(ready(), WORD), refused, "other-text");
});

test("CON-10 what is not offered is not given", () => {
  const onlyOnce: TestQuestionOptions = { lifetimes: ["once"] };
  assert.deepEqual(typed(ready(onlyOnce), "r").notice, { kind: "unknown-key" });
  ends(typed(ready({ ...onlyOnce, host: "10.0.0.7" }), `${WORD} r`), refused, "not-offered");
});

test("CON-10 interrupt, hang-up, withdrawal and an unquiet terminal end the question as aborted", () => {
  for (const kind of ["interrupted", "hung-up", "withdrawn", "unsafe"] as const) {
    ends(advanceQuestion(ready(), { kind }), { kind: "deny", reason: "aborted" }, kind);
    const draining = startQuestion(testQuestion(), WORD);
    ends(advanceQuestion(draining, { kind }), { kind: "deny", reason: "aborted" }, kind);
  }
});

test("CON-10 an answered question stays answered", () => {
  const state = typed(ready(), "");
  assert.equal(typed(state, "y"), state);
  assert.equal(advanceQuestion(state, { kind: "withdrawn" }), state);
});

test("CON-10 after the background and after the full values the question is put anew, with its delay", () => {
  const back = advanceQuestion(ready(), { kind: "background" });
  assert.equal(back.phase, "draining");
  ends(typed(back, "y"), refused, "too-early");
  const paging = typed(ready(), "?");
  assert.equal(paging.phase, "paging");
  assert.equal(typed(paging, "").page, 1);
  const enough = typed(paging, "y");
  assert.equal(enough.phase, "draining");
  assert.equal(advanceQuestion(paging, { kind: "paged" }).phase, "draining");
  ends(typed(armed(enough), "y"), once, "key");
});

test("NET-02 without a host the operator names one, and is asked about it anew", () => {
  const state = ready({ host: null });
  assert.equal(state.step, "host");
  const named = typed(state, "Mail.Example.");
  assert.equal(named.phase, "draining");
  assert.equal(named.step, "consent");
  ends(typed(named, "y"), refused, "too-early");
  ends(typed(armed(named), "y"), { kind: "allow", lifetime: "once", host: "mail.example" }, "key");
  ends(typed(armed(named), ""), refused, "enter");
});

test("NET-02 a private host that the operator typed needs the word", () => {
  const named = armed(typed(ready({ host: null }), "192.168.0.2"));
  assert.equal(named.risk, "private");
  ends(typed(named, "y"), refused, "key-for-word");
  ends(typed(named, WORD), { kind: "allow", lifetime: "once", host: "192.168.0.2" }, "word");
});

test("NET-02 what is no host is explained and asked for again, three times in all; an empty line refuses", () => {
  const state = ready({ host: null });
  ends(typed(state, ""), refused, "enter");
  const second = typed(state, "http://x/", "printer");
  assert.equal(second.phase, "asking");
  assert.equal(second.notice?.kind, "bad-host");
  ends(typed(second, "127.1"), refused, "bad-host");
  assert.equal(typed(second, "mail.example").step, "consent");
  assert.equal(typed(state, "y").notice?.kind, "bad-host");
});

test("CORE-01 a polluted Object.prototype changes no decision", () => {
  const plain = startQuestion(testQuestion(), WORD);
  const risky = startQuestion(testQuestion({ host: "10.0.0.7" }), WORD);
  const names = [
    "phase",
    "answer",
    "host",
    "risk",
    "more",
    "cut",
    "lifetime",
    "kind",
    "notice",
    "step",
    "text",
    "value",
  ];
  const polluted = Object.prototype as Record<string, unknown>;
  for (const name of names) polluted[name] = "y";
  try {
    ends(typed(armed(plain), ""), refused, "enter");
    ends(typed(armed(plain), "y"), once, "key");
    ends(typed(armed(risky), "y"), refused, "key-for-word");
  } finally {
    for (const name of names) delete polluted[name];
  }
});
