import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { advanceQuestion, ARM_DELAY_MS, type PromptEvent, type QuestionState, startQuestion } from "./model.ts";
import { type PromptStyle, styleFor } from "./style.ts";
import { testQuestion, type TestQuestionOptions } from "./test_question.ts";
import { columnsOf } from "./text_layout.ts";
import {
  type Canvas,
  drawAsk,
  drawEcho,
  drawNotice,
  drawPageAsk,
  drawPages,
  drawQuestion,
  drawSummary,
} from "./view.ts";

const PLAIN: PromptStyle = { color: false, ascii: false, plain: false };
const ASCII: PromptStyle = { color: false, ascii: true, plain: false };
const COLOR: PromptStyle = { color: true, ascii: false, plain: false };
const HOSTILE = "\x1b[2K\x1b]52;c;eA==\x07\u202eevil\u200b\u{e0041}\r\ny\x9b31m";

function canvas(style: PromptStyle, columns = 80): Canvas {
  return { style, columns, rows: 24 };
}

function start(options: TestQuestionOptions): QuestionState {
  return startQuestion(testQuestion(options), "kiwi");
}

function draw(options: TestQuestionOptions = {}, style = PLAIN, columns = 80): string {
  return drawQuestion(start(options), canvas(style, columns));
}

/** The text without the layout's line breaks and indentation. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}

function after(state: QuestionState, ...events: PromptEvent[]): QuestionState {
  return events.reduce(advanceQuestion, state);
}

const READY: PromptEvent[] = [{ kind: "drawn", atMs: 0 }, { kind: "armed", atMs: ARM_DELAY_MS, discarded: false }];

function typed(text: string): PromptEvent {
  return { kind: "line", atMs: 9_000, text, cut: false, more: false };
}

test("NET-09 the question names who asks, the host, the port by number and name, and the protocol", () => {
  const text = flat(draw({ number: 7 }));
  for (
    const part of [
      "question 7",
      "main.ts wants to connect to mail.example, port 25 (SMTP mail).",
      "TCP port 25 (SMTP mail)",
    ]
  ) {
    assert.ok(text.includes(part), part);
  }
  assert.match(text, /they learn Your network address/);
});

test("NET-09 it says what each answer means, that Enter is no, how not to be asked and how to take it back", () => {
  const text = draw();
  assert.match(text, /^ {2}y {6}Yes, this one connection$/m);
  assert.match(text, /^ {2}r {6}Yes, and again until this program ends \(12 hours at most\)$/m);
  assert.match(text, /^ {2}Enter {2}No/m);
  assert.match(text, /Not to be asked: PARLEY_ALLOW=mail\.example:25/);
  assert.match(text, /Ctrl-C ends the program/);
  assert.doesNotMatch(draw({ lifetimes: ["once"] }), /^ {2}r /m);
});

test("CON-01 it says so where the runtime asks too, and only there", () => {
  assert.match(flat(draw({ runtimeAsksToo: true })), /The runtime asks you too/);
  assert.doesNotMatch(flat(draw()), /The runtime asks/);
});

test("CON-02 a requester that nobody checked is named as what it says it is", () => {
  const text = flat(draw());
  assert.match(text, /who \/home\/ann\/mailer\/main\.ts and everything it imports \(process 4242\)/);
  assert.match(text, /That is what it says it is; nobody checked/);
  const launched = flat(draw({ requester: { evidence: "launcher", mainSha256: "ab".repeat(32) } }));
  assert.match(launched, /Checked by the launcher before the start, SHA-256 abababababababab…/);
  assert.doesNotMatch(launched, /nobody checked/);
});

test("CON-02 the program's words stand in quotation marks and are called its own", () => {
  const text = flat(draw({ claim: "weekly report" }));
  assert.match(text, /its words "weekly report" Written by the program; it may say anything/);
  assert.doesNotMatch(draw(), /its words/);
});

test("NET-18 what does not begin with TLS is NOT ENCRYPTED, and a known TLS port is suggested", () => {
  assert.match(flat(draw()), /NOT ENCRYPTED\..*Port 465 \(SMTP mail over TLS\) would be encrypted/);
  assert.doesNotMatch(flat(draw({ port: 4242 })), /would be encrypted/);
  assert.match(
    flat(draw({ tls: { mode: "upgrade", required: false } })),
    /Starts NOT ENCRYPTED\. The program says it will upgrade/,
  );
  assert.match(flat(draw({ tls: { mode: "upgrade" } })), /Starts NOT ENCRYPTED\. It must go on to TLS soon/);
  const tls = flat(draw({ port: 465, tls: {} }));
  assert.match(tls, /TLS from the first byte\. Certificate checked for mail\.example\./);
  assert.doesNotMatch(tls, /NOT ENCRYPTED/);
});

test("NET-18 another CA, another name, a client certificate and a pin are said", () => {
  const text = flat(draw({
    tls: { serverName: "other.example", caSha256: "cd".repeat(32), clientCertSha256: "ef".repeat(32) },
    spki: "12".repeat(32),
  }));
  for (
    const part of [
      "Certificate for other.example checked by the program's own CA",
      "another name than mail.example",
      "client certificate (SHA-256 efefefefefefefef…)",
      "pinned key, SHA-256 1212121212121212…",
    ]
  ) assert.ok(text.includes(part), part);
});

test("CON-10 a risky question shows the word, why, and that y is not enough", () => {
  const text = draw({ host: "127.0.0.1", port: 5432 });
  assert.match(flat(text), /CAUTION This is your own computer/);
  assert.match(text, /"y" is not enough/);
  assert.match(text, /^ {2}kiwi {4}Yes/m);
  assert.match(text, /^ {2}kiwi r {2}Yes/m);
  assert.match(drawAsk(start({ host: "127.0.0.1" }), canvas(PLAIN)), /Allow\? \[kiwi\/N\]/);
  assert.match(flat(draw({ host: "169.254.169.254", port: 80 })), /credentials of a cloud machine/);
});

test("CON-11 nothing from outside reaches the terminal unescaped", () => {
  const options: TestQuestionOptions = {
    claim: HOSTILE,
    preapprove: HOSTILE,
    requester: { origin: `file:///tmp/${HOSTILE}/%1b%5b2J%0ay.ts` },
  };
  const state = start(options);
  const texts = [
    drawQuestion(state, canvas(PLAIN)),
    ...drawPages(state, canvas(PLAIN)),
    drawEcho(after(state, ...READY, typed(HOSTILE)), canvas(PLAIN)),
    drawAsk(after(start({ host: null }), ...READY, typed(HOSTILE)), canvas(PLAIN)),
  ];
  for (const text of texts) {
    assert.doesNotMatch(text, /[^\P{C}\n]|[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u);
  }
  assert.match(texts[0] ?? "", /\\u\{1b\}/);
  assert.match(texts[0] ?? "", /\\u\{202e\}/);
});

test("CON-11 a host is shown in canonical form, its Unicode form in brackets only", () => {
  const text = flat(draw({ host: "bücher.example" }));
  assert.match(text, /connect to xn--bcher-kva\.example, port 25/);
  assert.match(text, /where xn--bcher-kva\.example \[bücher\.example\]/);
});

test("CON-11 a host of 253 characters and its port are shown in full on every width", () => {
  const host = `${"a".repeat(61)}.${"b".repeat(61)}.${"c".repeat(61)}.${"d".repeat(55)}.example`;
  for (const columns of [24, 40, 80, 200]) {
    const text = draw({ host, port: 2525 }, PLAIN, columns).replace(/\s+/g, "");
    assert.ok(text.includes(`${host},port2525`), String(columns));
  }
});

test("CON-11 long paths and claims are cut in the middle with their length, and shown in full on demand", () => {
  const claim = "c".repeat(5_000);
  const path = `/${"p".repeat(900)}/main.ts`;
  const options: TestQuestionOptions = { claim, requester: { origin: `file://${path}` } };
  const text = flat(draw(options));
  assert.ok(text.length < 2_500);
  assert.match(text, /5000 characters/);
  const pages = drawPages(start(options), canvas(PLAIN));
  assert.ok(pages.length > 2);
  const all = pages.join("").replace(/\s+/g, "");
  assert.ok(all.includes(claim));
  assert.ok(all.includes(path));
  for (const page of pages) assert.ok(page.split("\n").length <= 23);
  assert.equal(drawPages(start({ claim: "x".repeat(10_000_000) }), canvas(PLAIN)).join("").length < 120_000, true);
});

test("the prompt fits 80 columns, 40 and 31, in every style", () => {
  const variants: TestQuestionOptions[] = [
    { claim: "漢字".repeat(60) },
    { host: "10.1.2.3", port: 631, claim: "w ".repeat(90) },
    { host: null, preapprove: null },
    { tls: { mode: "upgrade", caSha256: "ab".repeat(32) } },
  ];
  for (const columns of [31, 40, 80, 132]) {
    for (const style of [PLAIN, ASCII]) {
      for (const options of variants) {
        const state = start({ ...options, preapprove: null });
        for (const text of [drawQuestion(state, canvas(style, columns)), ...drawPages(state, canvas(style, columns))]) {
          for (const line of text.split("\n")) {
            assert.ok(columnsOf(line) < columns, `${columns}: ${line}`);
          }
        }
      }
    }
  }
});

test("a command to be copied is never broken into lines", () => {
  const preapprove = `PARLEY_ALLOW=${"a".repeat(60)}.example:25`;
  assert.ok(draw({ preapprove }, PLAIN, 40).split("\n").some((line) => line.trim() === preapprove));
});

test("colour says nothing that the words do not, and nothing but colour is written to control the terminal", () => {
  for (const options of [{}, { host: "10.0.0.1" }, { host: null }] as const) {
    const colored = draw(options, COLOR);
    assert.notEqual(colored, draw(options, PLAIN));
    // deno-lint-ignore no-control-regex
    assert.equal(colored.replace(/\x1b\[[0-9;]*m/g, ""), draw(options, PLAIN));
  }
});

test("NO_COLOR, a dumb terminal and a locale without UTF-8 are respected; what is unknown counts as absent", () => {
  const utf8 = "de_DE.UTF-8";
  const cases = [
    [{ noColor: undefined, term: "xterm", locale: utf8 }, { color: true, ascii: false, plain: false }],
    [{ noColor: "1", term: "xterm", locale: utf8 }, { color: false, ascii: false, plain: false }],
    [{ noColor: "", term: "xterm", locale: "C" }, { color: true, ascii: true, plain: false }],
    [{ noColor: undefined, term: "dumb", locale: utf8 }, { color: false, ascii: true, plain: true }],
    [{ noColor: undefined, term: undefined, locale: undefined }, { color: false, ascii: true, plain: false }],
    [{ noColor: undefined, term: "xterm", locale: utf8, prompt: "plain" }, { color: false, ascii: false, plain: true }],
    [{ noColor: undefined, term: "xterm", locale: utf8, prompt: "x" }, { color: true, ascii: false, plain: false }],
  ] as const;
  for (const [facts, style] of cases) assert.deepEqual({ ...styleFor(facts) }, style);
});

const READ_OUT: PromptStyle = { color: false, ascii: false, plain: true };
const ALL = ["once", "run", "always"] as const;

test("NET-09 for a screen reader it is sentences: no columns, no lines, no signs", () => {
  const text = draw({ claim: "report", lifetimes: ALL, requester: { origin: "file:///home/ann/main.ts" } }, READ_OUT);
  assert.match(text, /^\nParley asks, question 1\.\n\nmain\.ts wants to connect/);
  assert.match(text, /^where: mail\.example, TCP port 25 \(SMTP mail\)$/m);
  assert.match(text, /^who: \/home\/ann\/main\.ts, and everything it imports \(process 4242\)\. That/m);
  assert.match(text, /^kiwi a Yes, always, for whatever stands in main\.ts: nobody checks its code\.$/m);
  assert.doesNotMatch(text, / {2}|[^\x20-\x7e\n]|--/);
  const risky = draw({ host: "10.0.0.1" }, READ_OUT);
  assert.match(risky, /^CAUTION: This is on a private/m);
});

test("CON-14 each duration says what it covers", () => {
  const claimed = draw({ lifetimes: ALL });
  assert.match(claimed, /^ {2}y {7}Yes, this one connection$/m);
  assert.match(claimed, /^ {2}r {7}Yes, and again until this program ends \(12 hours at most\)$/m);
  assert.match(claimed, /^ {2}kiwi a {2}Yes, always, for whatever stands in main\.ts: nobody checks its code$/m);
  assert.match(drawAsk(start({ lifetimes: ALL }), canvas(PLAIN)), /Allow\? \[y\/r\/kiwi a\/N\]/);
  const pinned = flat(draw({ lifetimes: ALL, pinsCode: true, host: "10.0.0.1" }));
  assert.match(pinned, /kiwi Yes.* kiwi r Yes.* kiwi a Yes, always, for main\.ts as it is now: when its code changes/);
  const remote = { origin: "https://x.example", kind: "remote" } as const;
  assert.match(flat(draw({ lifetimes: ALL, requester: remote })), /for whatever comes as https:\/\/x\.example/);
});

test("CON-18 a file that changed since is named, escaped, in the question and among the full values", () => {
  const state = start({ lifetimes: ALL, changed: "file:///home/ann/l%C3%A4b/\u202eutil.ts" });
  assert.match(
    flat(drawQuestion(state, canvas(PLAIN))),
    /CHANGED You allowed this for good, but \/home\/ann\/läb\/\\u\{202e\}util\.ts has changed since\./,
  );
  assert.match(drawPages(state, canvas(PLAIN)).join(""), /changed since it was allowed for good\n {4}file:/);
  assert.doesNotMatch(draw(), /CHANGED/);
});

test("CON-11 the echo of a remembered answer has the command that takes it back, of canonical values", () => {
  const commandFor = (options: TestQuestionOptions, ...lines: string[]): string | undefined => {
    let state = start({ ...options, lifetimes: ALL });
    for (const text of lines) state = after(state, ...READY, typed(text));
    return /^ {2}To take it back: (.*)$/m.exec(drawEcho(state, canvas(PLAIN)))?.[1];
  };
  assert.equal(commandFor({}, "kiwi a"), "parley permissions revoke mail.example:25");
  assert.equal(commandFor({ port: 465, tls: {} }, "kiwi a"), "parley permissions revoke tls://mail.example:465");
  assert.equal(commandFor({ host: "::1" }, "kiwi a"), "parley permissions revoke '[::1]:25'");
  assert.equal(
    commandFor({ host: null }, "BÜCHER.example", "kiwi a"),
    "parley permissions revoke xn--bcher-kva.example:25",
  );
  assert.equal(commandFor({}, "r"), undefined);
  assert.equal(commandFor({}, ""), undefined);
});

test("NET-09 in a window that the question does not fit into, who wants what is said again at its end", () => {
  const at = (rows: number): string => drawQuestion(start({}), { style: PLAIN, columns: 80, rows });
  const sentence = "  main.ts wants to connect to mail.example, port 25 (SMTP mail).\n\n";
  assert.equal(at(40).split(sentence).length, 2);
  assert.equal(at(20).split(sentence).length, 3);
  assert.ok(at(20).endsWith(sentence));
  assert.equal(at(0).split(sentence).length, 2);
});

test("at 20, 40 and 80 columns nothing but a command is wider than the screen, and nothing is lost", () => {
  const claim = "why ".repeat(20);
  for (const style of [PLAIN, ASCII, READ_OUT]) {
    for (const columns of [20, 40, 80]) {
      const state = start({ lifetimes: ALL, claim, host: "10.1.2.3", changed: "file:///home/ann/mailer/util.ts" });
      const at = canvas(style, columns);
      const done = after(state, ...READY, typed("kiwi a"));
      const text = [
        drawQuestion(state, at),
        drawAsk(state, at),
        drawAsk(after(state, ...READY, typed("a")), at),
        drawPageAsk({ index: 0, count: 12 }, at),
        drawNotice(state.question, at),
        drawSummary(1_000, at),
        drawEcho(done, at),
      ].join("\n");
      const wide = text.split("\n").filter((line) => columnsOf(line.trimEnd()) >= columns);
      assert.deepEqual(wide.filter((line) => !/PARLEY_ALLOW=|revoke/.test(line)), [], `${columns} columns`);
      const whole = draw({ lifetimes: ALL, claim, host: "10.1.2.3" }, style, 92).replace(/[\s─-]+/g, "");
      for (const part of ["kiwia", "NOTENCRYPTED", "/home/ann/mailer/main.ts"]) {
        assert.ok(text.replace(/\s+/g, "").includes(part) && whole.includes(part), part);
      }
    }
  }
});

test("in ASCII mode only ASCII is printed", () => {
  const state = start({ host: "bücher.example", claim: "grüße" });
  const texts = [drawQuestion(state, canvas(ASCII)), drawAsk(state, canvas(ASCII)), ...drawPages(state, canvas(ASCII))];
  texts.push(drawEcho(after(state, ...READY, typed("y")), canvas(ASCII)));
  for (const text of texts) assert.match(text, /^[\x20-\x7e\n]*$/);
  assert.match(texts[0] ?? "", /b\\u\{fc\}cher/);
});

test("the decision is repeated in words with its destination and reason", () => {
  const ready = after(start({ number: 3 }), ...READY);
  const echo = (state: QuestionState): string => flat(drawEcho(state, canvas(ASCII))).trim();
  assert.equal(echo(after(ready, typed("y"))), "Allowed once: mail.example:25 (question 3)");
  assert.equal(echo(after(ready, typed("r"))), "Allowed until the program ends: mail.example:25 (question 3)");
  assert.equal(echo(after(ready, typed(""))), "Not allowed: mail.example:25 (question 3): you pressed Enter alone");
  const withdrawn = echo(after(ready, { kind: "withdrawn" }));
  assert.match(withdrawn, /the program withdrew the question$/);
});

test("NET-02 a question without a host offers to type one, and later names the typed host as such", () => {
  const state = after(start({ host: null, port: 80 }), ...READY);
  const text = flat(drawQuestion(state, canvas(PLAIN)));
  assert.match(text, /a host of your choice, port 80 \(HTTP web\)/);
  assert.match(drawAsk(state, canvas(PLAIN)), /Host\?/);
  assert.doesNotMatch(text, /^ {2}y /m);
  const named = after(state, typed("web.example"));
  assert.match(
    flat(drawQuestion(named, canvas(PLAIN))),
    /where web\.example TCP port 80 \(HTTP web\) You typed this host\./,
  );
  assert.match(drawAsk(after(state, typed("a b")), canvas(PLAIN)), /Cannot use host/);
});

test("early typing and unknown keys are explained before the answer line", () => {
  const early = after(start({}), { kind: "drawn", atMs: 0 }, { kind: "armed", atMs: ARM_DELAY_MS, discarded: true });
  assert.match(drawAsk(early, canvas(PLAIN)), /typed before this line does not count\.\n.*Allow\? \[y\/r\/N\] › $/);
  assert.match(drawAsk(after(start({}), ...READY, typed("x")), canvas(PLAIN)), /That key means nothing here\.\n/);
  assert.match(drawPageAsk({ index: 0, count: 3 }, canvas(ASCII)), /Page 1 of 3.*Enter: next.*> $/);
});
