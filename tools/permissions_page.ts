/** Makes docs/permissions.md from the features, the order of decisions, and what a question offers. */
import { DEFAULT_ATTEMPT_LIMITS } from "../permissions/attempt_limits.ts";
import { APPROVAL_STEPS, CLOSING_STEPS, REFUSAL_STEPS, type RefusalStep } from "../permissions/decision.ts";
import { FEATURES } from "../permissions/feature.ts";

const HEAD = `<!-- Made from permissions/feature.ts and permissions/decision.ts by \`deno task gen\`. Do not edit. -->

# Permissions

Everything that Parley opens, it opens with consent: of the person at the terminal, or of a rule that somebody with
authority wrote before. This page says what can be asked for and who decides in which order; [policy.md](policy.md) says how
rules are written, [errors.md](errors.md) what a program is told, and SECURITY.md what in-process consent cannot hold.

## Features

The name is that of the [Permissions API](https://www.w3.org/TR/permissions/) (\`navigator.permissions.query({ name })\`), of
rules, lists and the log. \`self\` means the main program, and code that it delegated the feature to; \`*\` means all code.
`;

const AFTER_FEATURES = `
What \`query\` says of a network destination is \`granted\` only where this program was connected, or asked ahead with
\`request\`; for every other destination it is one answer for the whole feature. A program could read the operator's rules by
guessing otherwise.

## Who decides, in which order

The first line that applies decides. All refusals come before all approvals, so no approval beats a refusal, however specific.
`;

/** The page. */
export function permissionsPage(): string {
  const features = [...FEATURES].map(([name, { may, network, allowlist }]) =>
    `| \`${name}\` | ${may} | ${network ? "a destination" : ""} | \`${allowlist}\` |`
  );
  const refused = ({ refusal, when }: RefusalStep): string => `**refused** ${when} (\`${refusal}\`)`;
  const steps = [
    ...REFUSAL_STEPS.map(refused),
    ...APPROVAL_STEPS.map(({ source, when }) => `**approved** ${when} (\`${source}\`)`),
    ...CLOSING_STEPS.map(refused),
    "**asked** at the terminal; where there is none, **refused**",
  ];
  return [
    HEAD,
    "| feature | a program may | names | for |",
    "| --- | --- | --- | --- |",
    ...features,
    AFTER_FEATURES,
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    tail(),
  ].join("\n");
}

function tail(): string {
  const { requester, destination, accountPerMinute } = DEFAULT_ATTEMPT_LIMITS;
  const limit = ({ burst, perSecond }: typeof requester): string =>
    `${burst} at once and ${perSecond} a second after that`;
  return `
The name in brackets is what the audit log has in \`by\`. A program is told none of it: every refusal is the same
\`NotAllowedError\`, whose message is a function of the request alone. Only code that is not to be trusted is told so, by a
\`SecurityError\`, because that says nothing about a destination.

## How long an approval holds

| answer | holds for |
| --- | --- |
| \`y\` once | one open to its close, and the reconnections of that object |
| \`r\` this run | the same request by the same program, until it ends, and twelve hours at most |
| \`a\` always | the same request by the same program, until it is taken back, its code changes, or nobody used it for 90 days |

\`a\` is offered for code with a name only (not for \`-e\` or a REPL), never for the credentials of a cloud machine, and for
private networks, listening and other risky requests only where a launcher read the code before the start. It needs the word
shown in the question. What was approved at a terminal, once or for the run, ends when that terminal hangs up.

## How often may be tried

Attempts count whether they are approved or not, and reconnections count, too: for one program ${
    limit(requester)
  }; for one
program and destination ${
    limit(destination)
  }; for all programs of an account ${accountPerMinute} a minute. A policy file can
set other limits; a program can neither read nor change them.
`;
}
