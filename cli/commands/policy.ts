/** `parley policy`: what the policy files say, whether they are valid, and which rule decides a request. */
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import type { Policy } from "../../permissions/policy.ts";
import { type PolicyProblem, readPolicy } from "../../permissions/policy/policy_document.ts";
import { PolicyLoader } from "../../permissions/policy/policy_loader.ts";
import { parseLaunchRules } from "../../permissions/launch_rules.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import { programRequester } from "../../permissions/trust/program_requester.ts";
import type { Requester } from "../../permissions/requester.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Host, HostState } from "../../runtime/host.ts";
import { mainModuleUrl } from "../../runtime/_node/launch.ts";
import type { Command, Invocation } from "../command.ts";
import { asciiJson } from "../messages.ts";
import { grantDescriptor, grantRequesters } from "../permissions/grant_request.ts";
import { requestText } from "../../permissions/denial_text.ts";
import { explainRequest, type Explanation, ruleText } from "../policy/explain_request.ts";
import { type PolicyPlan, readPolicyPlan } from "../policy/policy_plan.ts";
import { mainRequester } from "../../permissions/main_requester.ts";

const CONFIG = 78;
const ALL = { maxLength: Infinity };

/** The verb. */
export const policyCommand: Command = Object.freeze({
  name: "policy",
  summary: "Check policy files, and explain which rule decides a request",
  usage: "policy check [FILE...] | explain DESTINATION | show [OPTIONS]",
  description:
    "check reads files, or with none the ones that are in force, and says for each mistake the line and what is wrong. " +
    "explain says what would be done with a request, and by which rule, without asking or opening anything. show lists the " +
    "rules in force. docs/policy.md says how rules are written.",
  options: Object.freeze<Command["options"]>({
    managed: { type: "boolean" },
    origin: { type: "string" },
    starttls: { type: "boolean" },
    policy: { type: "string", multiple: true },
  }),
  help: [
    { usage: "--managed", text: "check: read the files as managed ones, which may say more than an operator's." },
    {
      usage: "--origin PROGRAM",
      text: "explain: the program that asks, its path or origin; one that no rule names by default.",
    },
    { usage: "--starttls", text: "explain: the connection begins without TLS and goes on to it." },
    { usage: "--policy FILE", text: "A further file, as if it had been given at launch. May be repeated." },
  ],
  examples: [
    "parley policy check",
    "parley policy check --managed 10-office.json",
    "parley policy explain --origin ./mailer.ts tls://imap.example.com:993",
    "parley policy show --json",
  ],
  run: async (invocation: Invocation): Promise<number> => await runPolicy(invocation, await autoHost()),
});

/** What the command needs of a runtime. */
export type PolicySurroundings = Pick<Host, "clock" | "launch" | "state">;

/**
 * Runs the command.
 *
 * @param invocation What was typed.
 * @param host The runtime.
 * @throws {ParleyError} `ARG_INVALID`, `DEST_SYNTAX`, `DEST_HOST`; `CONFIG_INVALID` where there is no place for policies.
 */
export async function runPolicy(invocation: Invocation, host: PolicySurroundings): Promise<number> {
  const plan = readPolicyPlan(invocation.args);
  if (plan.task === "check" && plan.operands.length > 0) return await checkFiles(invocation, plan);
  const { state } = host;
  if (state === null) {
    throw new ParleyError("CONFIG_INVALID", "Cannot look at policies: there is no place for them here");
  }
  const policy = inForce({ ...host, state }, plan, invocation.messages);
  switch (plan.task) {
    case "check":
      return await tellCheck(invocation, policy, plan);
    case "show":
      return await tellRules(invocation, policy, plan);
    case "explain":
      return await explain(invocation, policy, { plan, host: { ...host, state } });
  }
}

/** Reads what is in force. What is wrong is told by the loader. */
function inForce(
  { state, clock, launch }: PolicySurroundings & { readonly state: HostState },
  { files }: PolicyPlan,
  messages: Invocation["messages"],
): Policy {
  const report = (line: string): void => messages.report(line);
  const variable = launch.initialEnv("PARLEY_ALLOW");
  const launchRules = parseLaunchRules({ flags: [], variable }, (message) => report(`parley: ${message}`));
  return new PolicyLoader({ files: state.policyFiles(files), clock, launchRules, report }).current;
}

async function checkFiles({ host, messages }: Invocation, { operands, author, json }: PolicyPlan): Promise<number> {
  let wrong = 0;
  for (const path of operands) {
    const { problems, furtherProblems, rules } = readPolicy(await readText(host, path), {
      author,
      name: baseName(path),
    });
    if (problems.length > 0) wrong++;
    if (json) {
      await write(host, asciiJson({ file: path, rules: rules.length, problems, furtherProblems }));
      continue;
    }
    for (const problem of problems) await write(host, problemText(path, problem));
    if (furtherProblems > 0) await write(host, `${escapeText(path, ALL)}: ${furtherProblems} more problems`);
    if (problems.length === 0) await write(host, `${escapeText(path, ALL)}: valid, ${count(rules.length, "rule")}`);
  }
  if (wrong > 0) messages.report(`parley: ${count(wrong, "file")} of ${operands.length} not valid`);
  return wrong > 0 ? CONFIG : 0;
}

async function tellCheck({ host }: Invocation, { broken, rules }: Policy, { json }: PolicyPlan): Promise<number> {
  if (json) await write(host, asciiJson({ valid: broken.length === 0, broken, rules: rules.length }));
  else if (broken.length === 0) {
    await write(host, `Every policy file in force is valid: ${count(rules.length, "rule")}.`);
  } else await write(host, `Not valid: files of ${broken.join(" and ")}. Nothing is approved until they are.`);
  return broken.length > 0 ? CONFIG : 0;
}

async function tellRules(
  { host }: Invocation,
  { rules, settings, broken }: Policy,
  { json }: PolicyPlan,
): Promise<number> {
  if (json) {
    await write(
      host,
      asciiJson({ settings, broken, rules: rules.map((rule) => ({ id: rule.id, text: ruleText(rule) })) }),
    );
    return broken.length > 0 ? CONFIG : 0;
  }
  const { prompt, locked, ambient, audit, auditOnly, privateMode } = settings;
  await write(host, `questions ${prompt ? "allowed" : "disabled"}, audit log ${audit}, private mode ${privateMode}`);
  if (locked) await write(host, "locked: only managed rules approve");
  if (!ambient) await write(host, "programs act by navigators of their own only");
  if (auditOnly) await write(host, "NOT ENFORCED: what would be refused is let through and written down");
  for (const rule of rules) await write(host, escapeText(ruleText(rule), ALL));
  if (rules.length === 0) await write(host, "no rules");
  return broken.length > 0 ? CONFIG : 0;
}

async function explain(
  { host: command, messages }: Invocation,
  policy: Policy,
  { plan, host }: { readonly plan: PolicyPlan; readonly host: PolicySurroundings & { readonly state: HostState } },
): Promise<number> {
  const descriptor = grantDescriptor(plan.operands[0] ?? "", { startTls: plan.startTls });
  const { clock, state, launch } = host;
  const report = (line: string): void => messages.report(line);
  const store = new FileStore({ directory: state.records("grants"), clock, report });
  for (const requester of requestersOf(plan, launch)) {
    const stored = store.find(requester, descriptor);
    const explanation = explainRequest(requester, descriptor, { policy, stored, timeMs: clock.nowMs() });
    if (plan.json) await write(command, asciiJson(explanationRecord(requester, explanation)));
    else await write(command, explanationLines(requestText(requester, descriptor), explanation).join("\n"));
  }
  return 0;
}

function requestersOf({ origin }: PolicyPlan, launch: Host["launch"]): readonly Requester[] {
  if (origin === null) return [mainRequester("file:///any/program", launch.pid)];
  const { pid } = launch;
  return grantRequesters(origin, { pid, urlOfFile: mainModuleUrl }).map((requester) => judged(requester, launch));
}

/** As the program would be judged when it runs. */
function judged(requester: Requester, launch: Host["launch"]): Requester {
  const { program, pid } = launch;
  if (program === undefined || requester.kind !== "file") return requester;
  const run = { ...program, source: "module" as const, loadedFrom: requester.origin, preloaded: [] };
  const { insecure } = programRequester({
    mainModule: requester.origin,
    pid,
    program: run,
    initialEnv: (name) => launch.initialEnv(name),
  });
  return { ...requester, insecure };
}

function explanationRecord(requester: Requester, { decision, steps }: Explanation): Record<string, unknown> {
  return {
    origin: requester.origin,
    decision: decision.kind,
    by: decision.kind === "deny" ? decision.refusal : decision.kind === "allow" ? decision.source : null,
    steps: steps.map(({ outcome, when, rule }) => ({ outcome, when, rule: rule?.id ?? null })),
  };
}

function explanationLines(request: string, { decision, steps }: Explanation): string[] {
  const outcomes = { allow: "approved", deny: "refused", ask: "asked about" } as const;
  const [first, ...rest] = steps;
  const head = `${outcomes[decision.kind]}: ${request}`;
  if (first === undefined) {
    return [head, "  Nothing speaks about it, so the operator is asked; without a terminal it is refused."];
  }
  const line = ({ when, rule }: (typeof steps)[number]): string =>
    rule === null ? when : `${when}: ${escapeText(ruleText(rule), ALL)}`;
  return [
    head,
    `  ${line(first)}`,
    ...rest.map((step) => `  would also be ${step.outcome} ${line(step)}`),
  ];
}

function problemText(path: string, { line, column, reason }: PolicyProblem): string {
  return `${escapeText(path, ALL)}:${line}:${column}: ${escapeText(reason)}`;
}

async function readText(host: Invocation["host"], path: string): Promise<string> {
  try {
    return await host.readTextFile(path);
  } catch (cause) {
    throw new ParleyError("CONFIG_INVALID", `Cannot read ${path}`, { cause });
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

async function write(host: Invocation["host"], line: string): Promise<void> {
  await host.writeOut(new TextEncoder().encode(`${line}\n`));
}
