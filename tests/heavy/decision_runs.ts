/** Runs of `programs/decisions.ts`: everything that can be decided, without a terminal and at one. */
import type { TestRuntime } from "../support/runtimes.ts";
import { TerminalDialogue } from "../support/terminal_dialogue.ts";
import { connectCommand } from "./connect_command.ts";
import { makeOperatorHome } from "./operator_home.ts";
import type { DecisionsPlan } from "./programs/decisions.ts";
import { runWithoutTerminal } from "./without_terminal.ts";

const NOBODY = 9;
/** The operator's policy file. */
const RULES = [
  { effect: "allow", to: ["*.b.example:443", "nas.b.example:27"], addresses: ["192.168.1.0/24"], until: "2999-01-01" },
  { effect: "deny", to: "*:27", origin: "*" },
  { effect: "deny", to: "localhost:28" },
  { effect: "deny", feature: "listen" },
];

const MAIL = { remoteAddress: "mail.example", remotePort: 25, secureTransport: "starttls" } as const;

/** Ports of a server, and of nobody. */
export interface Ports {
  /** Somebody echoes here. */
  readonly open: number;
  /** Nobody listens here. */
  readonly closed: number;
}

/** What came of a run without a terminal. */
export interface LoneDecisions {
  /** By request: approved, unapproved (twice), restricted, never connectable, failing, without a host, refused by a rule and by a rule for its addresses; then what an abort led to, and the states of permissions. */
  readonly outcomes: readonly unknown[];
  /** What the operator was told. */
  readonly lines: string;
  /** What was written down. */
  readonly traces: string;
}

/**
 * Decides without anybody to ask.
 *
 * @param runtime Where.
 * @param ports Of a server, and of nobody; both are approved in advance.
 * @param pollution Names on `Object.prototype`; null for all.
 */
export async function decideAlone(
  runtime: TestRuntime,
  { open, closed }: Ports,
  pollution: DecisionsPlan["pollution"],
): Promise<LoneDecisions> {
  const plan: DecisionsPlan = {
    pollution,
    deny: ["*:26"],
    requests: [
      { remoteAddress: "localhost", remotePort: open },
      { remoteAddress: "127.0.0.1", remotePort: NOBODY },
      { remoteAddress: "mail.example", remotePort: 25 },
      { remoteAddress: "mail.example", remotePort: 26 },
      { remoteAddress: "0.0.0.0", remotePort: 25 },
      { remoteAddress: "localhost", remotePort: closed },
      { remotePort: 25 },
      { remoteAddress: "mail.example", remotePort: 27 },
      { remoteAddress: "127.0.0.1", remotePort: 28 },
    ],
    aborted: { remoteAddress: "localhost", remotePort: open },
  };
  const argv = await connectCommand(runtime, [JSON.stringify(plan)], { program: "decisions.ts" });
  const env = { PARLEY_ALLOW: `localhost:${open},localhost:${closed}` };
  await using home = await makeOperatorHome(RULES);
  const { stdout, stderr } = await runWithoutTerminal(argv, { ...env, ...home.env });
  const outcomes = JSON.parse(/@@(.*)/.exec(stdout)?.[1] ?? `["${stdout}"]`);
  return { outcomes, lines: stderr, traces: await home.traces() };
}

/**
 * Decides at a terminal: one question is answered with the word for now, one with the word for good, so that the third request
 * needs none; then one with Enter.
 *
 * @param runtime Where.
 * @param port Of a server.
 * @param pollution Names on `Object.prototype`; null for all.
 * @returns Everything on the terminal and what was written down, without what is chosen by chance or by the system.
 */
export async function decideAtTerminal(
  runtime: TestRuntime,
  port: number,
  pollution: DecisionsPlan["pollution"],
): Promise<string> {
  const plan: DecisionsPlan = {
    pollution,
    deny: [],
    requests: [
      { remoteAddress: "localhost", remotePort: port },
      { ...MAIL },
      { ...MAIL },
      { remoteAddress: "mail.example", remotePort: 26 },
    ],
    aborted: null,
  };
  await using home = await makeOperatorHome(RULES);
  const argv = await connectCommand(runtime, [JSON.stringify(plan)], { program: "decisions.ts" });
  await using dialogue = new TerminalDialogue(argv, { env: home.env });
  const { 1: word = "" } = await dialogue.expect(/Question 1\. Allow\? \[([a-z]+)\/N\]/);
  dialogue.type(`${word}\n`);
  const { 1: second = "" } = await dialogue.expect(/Question 2\. Allow\? \[y\/r\/([a-z]+) a\/N\]/);
  dialogue.type(`${second} a\n`);
  await dialogue.expect(/Question 3\. Allow\? \[y\/r\/[a-z]+ a\/N\]/);
  dialogue.type("\n");
  await dialogue.expect(/@@.*/);
  await dialogue.end();
  // Chosen by chance and by the system; everything else must be the same.
  const written = `${dialogue.text}\n${await home.traces()}`;
  const third = /\[y\/r\/([a-z]+) a\/N\](?![^]*\[y\/r)/.exec(dialogue.text)?.[1] ?? "";
  return written
    .replaceAll(new RegExp(`\\b(?:${word}|${second}|${third})( *)\\b`, "g"), "WORD ")
    .replaceAll(/\(process \d+\)/g, "(process PID)")
    .replaceAll(/ +\r\n/g, "\r\n");
}

/**
 * Says no at a terminal to whatever is asked.
 *
 * @param runtime Where.
 * @param pollution Names on `Object.prototype`.
 * @returns What came of each request.
 */
export async function declineAtTerminal(
  runtime: TestRuntime,
  pollution: readonly string[],
): Promise<readonly (readonly unknown[])[]> {
  const requests = [{ remoteAddress: "localhost", remotePort: NOBODY }, {
    remoteAddress: "mail.example",
    remotePort: 25,
  }];
  const plan: DecisionsPlan = { pollution, deny: [], requests, aborted: null };
  await using dialogue = new TerminalDialogue(
    await connectCommand(runtime, [JSON.stringify(plan)], { program: "decisions.ts" }),
  );
  const { 1: outcomes = "" } = await dialogue.typeUntil("\n", /@@(.*\])/);
  await dialogue.end();
  return JSON.parse(outcomes).slice(0, requests.length);
}
