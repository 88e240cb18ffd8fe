/**
 * What the operator sees, as text: pure functions of a question's state and a style. Append-only, no cursor movement,
 * so that it works on dumb terminals and for screen readers; colour never says anything that the words do not.
 */
import { escapeText } from "../../core/escape.ts";
import { formatDestination } from "../../core/destination.ts";
import type { PeerKeyFacts } from "../pins/peer_key_facts.ts";
import type { Lifetime, Question } from "../prompter.ts";
import { certificateTexts, fingerprintTexts, keyHolderText, keyReasonTexts, keyValues } from "./key_wording.ts";
import type { QuestionState } from "./model.ts";
import { Pen, type PromptStyle } from "./style.ts";
import { wrapText } from "./text_layout.ts";
import { echoSentence, revokeCommand } from "./echo.ts";
import { alwaysText, changedText, disclosureText, headlineText, onceText, placeTexts } from "./headline.ts";
import { claimText, encryptionTexts, requesterName, riskText, whoTexts } from "./wording.ts";

/** Said when a yes here is not the last word. */
const RUNTIME_ASKS = "The runtime asks you too: it was started without this permission.";

/** The terminal's size and style. */
export interface Canvas {
  /** Colour and characters. */
  readonly style: PromptStyle;
  /** Width in columns. */
  readonly columns: number;
  /** Height in rows. */
  readonly rows: number;
}

/** Lines that what is asked below a question takes at most, a notice included. */
const ASK_LINES = 3;

/** Longest single value among the full values, in code points: a claim of megabytes must not freeze the program. */
const MAX_FULL = 65_536;

/**
 * The question itself. The line to type on is apart ({@linkcode drawAsk}): it appears when typing counts.
 *
 * @param state Where the question stands; says whether the host or consent is asked for.
 * @param canvas The terminal.
 * @returns Whole lines.
 */
export function drawQuestion(state: QuestionState, canvas: Canvas): string {
  const pen = new Pen(canvas.style, canvas.columns);
  const { question, step } = state;
  const parts = [
    [""],
    pen.rule(`Parley asks${pen.either(" ·", ",")} question ${question.number}`),
    [""],
    pen.paragraph(headlineText(state), "heading"),
    [""],
    facts(state, pen),
    [""],
    step === "host" ? hostChoices(pen) : choices(state, pen),
    footer(state, pen),
    [""],
  ];
  const lines = parts.flat();
  // What scrolled away at the top of a small window is said once more where the answer is typed.
  const again = lines.length + ASK_LINES > canvas.rows && canvas.rows > 0;
  const tail = again ? [...pen.paragraph(headlineText(state), "heading"), ""] : [];
  return [...lines, ...tail].join("\n") + "\n";
}

/**
 * The line that the answer is typed on, with a notice before it where there is one. Drawn when typing counts.
 *
 * @param state Where the question stands.
 * @param canvas The terminal.
 * @returns Text without a line end.
 */
export function drawAsk(state: QuestionState, canvas: Canvas): string {
  const pen = new Pen(canvas.style, canvas.columns);
  const notice = noticeText(state);
  const before = notice === null ? "" : pen.paragraph(notice, "warning").join("\n") + "\n";
  return before + pen.ask(askTexts(state), "heading");
}

/**
 * All values in full, escaped but not cut, in pages that fit the screen.
 *
 * @param state Where the question stands.
 * @param canvas The terminal.
 * @returns At least one page, each of whole lines.
 */
export function drawPages(state: QuestionState, canvas: Canvas): string[] {
  const pen = new Pen(canvas.style, canvas.columns);
  const lines = fullValues(state).flatMap(([name, value]) => {
    const shown = pen.text(escapeText(value, { maxLength: MAX_FULL }));
    return ["", ...pen.paragraph(name, "label"), ...wrapText(shown, pen.columns - 4).map((line) => `    ${line}`)];
  });
  const rows = Math.max(4, Math.min(canvas.rows > 0 ? canvas.rows : 24, 60) - 3);
  const pages: string[] = [];
  for (let start = 0; start < lines.length; start += rows) {
    pages.push(lines.slice(start, start + rows).join("\n") + "\n");
  }
  return pages;
}

/** The line below a page that is not the last. */
export function drawPageAsk(page: { readonly index: number; readonly count: number }, canvas: Canvas): string {
  const pen = new Pen(canvas.style, canvas.columns);
  return pen.ask([`Page ${page.index + 1} of ${page.count}.`, "Enter: next. q: back to the question"], "label");
}

/**
 * The line for a program that may not ask without an act of the operator (NET-11).
 *
 * @param question What it would ask.
 * @param canvas The terminal.
 * @returns Whole lines.
 */
export function drawNotice({ requester, number }: Question, canvas: Canvas): string {
  const pen = new Pen(canvas.style, canvas.columns);
  const what = number === 1 ? "something" : "something more";
  const text = `parley: ${requesterName(requester)} wants to ask ${what}. Press Enter to see question ${number}.`;
  return pen.remark(text, "heading").join("\n") + "\n";
}

/**
 * The line that says how many requests were refused because too many waited.
 *
 * @param count How many, at least 1.
 * @param canvas The terminal.
 * @returns Whole lines.
 */
export function drawSummary(count: number, canvas: Canvas): string {
  const requests = count === 1 ? "1 more request was refused" : `${count} more requests were refused`;
  const pen = new Pen(canvas.style, canvas.columns);
  return pen.remark(`parley: ${requests}, because too many questions waited.`, "warning").join("\n") + "\n";
}

/**
 * The line that repeats the decision.
 *
 * @param state An answered question.
 * @param canvas The terminal.
 * @returns Whole lines.
 */
export function drawEcho(state: QuestionState, canvas: Canvas): string {
  const pen = new Pen(canvas.style, canvas.columns);
  const allowed = state.answer?.kind === "allow";
  const mark = allowed ? pen.either("✓ ", "") : pen.either("✗ ", "");
  const command = revokeCommand(state);
  const lines = [
    ...pen.paragraph(mark + echoSentence(state), allowed ? "good" : "heading"),
    ...(command === null ? [] : pen.command("To take it back:", escapeText(command, { maxLength: 2_000 }))),
  ];
  return lines.join("\n") + "\n";
}

function facts(state: QuestionState, pen: Pen): string[] {
  const { question, risk } = state;
  const claim = claimText(question.claim);
  const changed = changedText(question);
  return [
    ...pen.row("who", whoTexts(question.requester)),
    ...(question.peerKey === null ? requestFacts(state, pen) : keyFacts(question.peerKey, pen)),
    ...(question.runtimeAsksToo ? pen.row("after that", [RUNTIME_ASKS]) : []),
    ...(claim === null ? [] : pen.row("its words", [claim, "Written by the program; it may say anything."])),
    ...(changed === null ? [] : ["", ...pen.row("CHANGED", [changed], "warning")]),
    ...(risk === null ? [] : ["", ...pen.row("CAUTION", [riskText(risk)], "warning")]),
  ];
}

function requestFacts(state: QuestionState, pen: Pen): string[] {
  const encryption = encryptionTexts(state);
  return [
    ...pen.row("where", placeTexts(state)),
    ...pen.row("encryption", encryption.texts, encryption.weak ? "warning" : "plain"),
    ...pen.row("they learn", [disclosureText(state.question.descriptor)]),
  ];
}

function keyFacts(peerKey: PeerKeyFacts, pen: Pen): string[] {
  return [
    ...pen.row("where", [keyHolderText(peerKey)]),
    ...pen.row("why", keyReasonTexts(peerKey), "warning"),
    ...pen.row("certificate", certificateTexts(peerKey)),
    ...pen.row("its key", [...fingerprintTexts(peerKey), "Compare this SHA-256 with what the device itself shows."]),
  ];
}

function choices(state: QuestionState, pen: Pen): string[] {
  const { risk, word, question: { lifetimes, descriptor } } = state;
  const prefix = risk === null ? "" : `${word} `;
  const offered = new Map<Lifetime, [string, string]>([
    ["once", [risk === null ? "y" : word, onceText(descriptor)]],
    ["run", [`${prefix}r`, "Yes, and again until this program ends (12 hours at most)"]],
    ["always", [`${word} a`, alwaysText(state.question)]],
  ]);
  const yes = [...offered].filter(([lifetime]) => lifetimes.includes(lifetime)).map(([, choice]) => choice);
  return [
    ...(risk === null
      ? []
      : [...pen.paragraph(`Because of the caution, "y" is not enough here: type ${wordText(state.question)}.`), ""]),
    ...pen.choices([...yes, ["Enter", "No. Anything else is no, too"], ["?", "Show every value in full"]]),
  ];
}

function wordText({ peerKey }: Question): string {
  return peerKey === null ? "the word" : "the word, or the whole fingerprint in its place";
}

function hostChoices(pen: Pen): string[] {
  return [
    ...pen.paragraph("Type the host: a full domain name, localhost or an IP address."),
    ...pen.paragraph("You are asked once more before anything happens."),
    "",
    ...pen.choices([["Enter", "No"], ["?", "Show every value in full"]]),
  ];
}

function footer(state: QuestionState, pen: Pen): string[] {
  const { preapprove } = state.question;
  // Never cut: half a command is none.
  const shown = preapprove === null ? "" : pen.text(escapeText(preapprove, { maxLength: 2_000 }));
  return [
    "",
    ...(preapprove === null ? [] : pen.command("Not to be asked:", shown)),
    ...pen.paragraph("To take it back: Ctrl-C ends the program and its connections.", "label"),
  ];
}

function askTexts({ question, step, risk, word }: QuestionState): string[] {
  const which = `Question ${question.number}.`;
  if (step === "host") return [which, "Host?"];
  const offered = question.lifetimes;
  const keys = [
    offered.includes("once") ? "y" : "",
    offered.includes("run") ? "r" : "",
    offered.includes("always") ? `${word} a` : "",
  ];
  const yes = risk === null ? keys.filter((key) => key !== "") : [word];
  return [`${which} Allow?`, `[${[...yes, "N"].join("/")}]`];
}

function noticeText(state: QuestionState): string | null {
  if (state.notice === null) return null;
  switch (state.notice.kind) {
    case "early":
      return "What was typed before this line does not count.";
    case "unknown-key":
      return "That key means nothing here.";
    case "word-for-always":
      return `An answer that is remembered takes the word: type ${state.word} a`;
    case "bad-host":
      return escapeText(state.notice.message, { maxLength: 300 });
  }
}

function fullValues(state: QuestionState): (readonly [name: string, value: string])[] {
  const { requester, descriptor, claim, preapprove, changed, peerKey } = state.question;
  const { tls, destination } = descriptor;
  const values: (readonly [string, string | null])[] = [
    ["who (origin)", requester.origin],
    ["established by", requester.evidence === "launcher" ? "the launcher" : "the program's own claim"],
    ["process", String(requester.pid)],
    ["changed since it was allowed for good", changed],
    ["SHA-256 of the main module", requester.mainSha256],
    ["SHA-256 of the lockfile", requester.lockSha256],
    ["destination", destination === null ? null : formatDestination(destination)],
    ["host that you typed", state.hostTyped ? state.host?.text ?? null : null],
    ["kind", `${descriptor.name}, ${descriptor.transport}`],
    ["port", String(descriptor.port)],
    ["TLS", tls === null ? "none" : `${tls.mode}${tls.required ? ", required" : ""}`],
    ["name on the certificate", tls === null || tls.serverName === "" ? null : tls.serverName],
    ["SHA-256 of the program's own CA", tls?.caSha256 ?? null],
    ["SHA-256 of the client certificate", tls?.clientCertSha256 ?? null],
    ...(peerKey === null ? [] : keyValues(peerKey)),
    ["the program's words", claim],
    ["how not to be asked", preapprove],
  ];
  return values.filter((pair): pair is readonly [string, string] => pair[1] !== null);
}
