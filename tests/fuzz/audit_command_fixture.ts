/** `parley audit` without a process, over a log in memory. */
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { auditCommand, runAudit } from "../../cli/commands/audit.ts";
import { createMessages } from "../../cli/messages.ts";
import type { AuditPlace } from "../../permissions/audit/append_log_port.ts";
import type { AuditEvent } from "../../permissions/audit/audit_port.ts";
import type { Descriptor } from "../../permissions/descriptor.ts";
import type { Requester } from "../../permissions/requester.ts";
import { parseArguments } from "../../runtime/_node/arguments.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import type { CommandHost } from "../../runtime/command.ts";
import type { LaunchFacts } from "../../runtime/host.ts";
import { REQUESTER, tcp } from "../support/broker_fixture.ts";
import { ChangingPolicy, HARMLESS_FACTS, policy, rule } from "../support/policy_fixture.ts";
import { type AuditFixture, auditFixture } from "./audit_fixture.ts";

/** What a run came to. */
export interface AuditRun {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

/** How a run differs from one in a pipe. */
export interface AuditRunOptions {
  readonly columns?: number;
  readonly isTerminal?: boolean;
  readonly snapshots?: ReadonlyMap<string, string>;
  readonly olderRemoved?: boolean;
}

/** A place in memory. */
function placeOf(
  files: readonly string[],
  { snapshots = new Map(), olderRemoved = false }: Pick<AuditRunOptions, "snapshots" | "olderRemoved">,
): AuditPlace {
  return {
    digest: nodeDigest,
    obstacle: () => null,
    writer: () => {
      throw new ParleyError("INTERNAL_INVARIANT", "Cannot write: the command only reads");
    },
    reader: () => ({
      files: files.map((text, index) => ({ path: `/s/audit.${index}.jsonl`, text: () => text })),
      olderRemoved,
      policy: (sha256) => snapshots.get(sha256) ?? null,
      close: () => {},
    }),
    onExit: () => {},
  };
}

/** Runs `parley audit` over files. */
export async function runAuditCommand(
  args: readonly string[],
  files: readonly string[],
  options: AuditRunOptions = {},
): Promise<AuditRun> {
  let out = "";
  let errors = "";
  const host = {
    stdoutIsTerminal: options.isTerminal ?? false,
    columns: () => options.columns ?? 80,
    writeOut: (bytes: Uint8Array) => {
      out += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    writeError: (text: string) => void (errors += text),
  } as unknown as CommandHost;
  const parsed = parseArguments(args, { ...auditCommand.options, json: { type: "boolean" } });
  const messages = createMessages(host, args.includes("--json"));
  const launch = { env: () => undefined } as unknown as LaunchFacts;
  const surroundings = { audit: placeOf(files, options), clock: new ManualClock(), launch };
  try {
    const status = await runAudit({ host, args: parsed, messages }, surroundings);
    return { status, out, errors };
  } catch (error) {
    return { status: messages.fail(error), out, errors };
  }
}

const FACTS = { ...HARMLESS_FACTS, timeMs: Date.UTC(2026, 0, 1) };

type Decided = Extract<AuditEvent, { event: "decision" }>;

/** A decision to be written down. */
export function decided(
  descriptor: Descriptor,
  how: Pick<Decided, "decision" | "by" | "rule">,
  requester: Requester = REQUESTER,
): Decided {
  return { event: "decision", requester, descriptor, facts: FACTS, unenforced: false, ...how };
}

/** A library of the usual program. */
export const LIBRARY: Requester = {
  ...REQUESTER,
  origin: "npm:mqtt",
  kind: "package",
  role: "library",
  inside: REQUESTER.origin,
};
/** How the managed policy of a day refuses. */
export const REFUSED: Pick<Decided, "decision" | "by" | "rule"> = {
  decision: "deny",
  by: "managed",
  rule: "10-mail.json#3",
};

/** A program's day: refusals, a question that was answered, a connection. */
export async function auditedDay(): Promise<AuditFixture & { readonly text: string }> {
  const source = new ChangingPolicy(
    policy([
      rule("managed", "deny", "mail.example:25", { id: "10-mail.json#3" }),
      rule("operator", "allow", "tls://imap.example:993", { id: "policy.json#1" }),
    ]),
  );
  const fixture = auditFixture({ policy: source });
  const { audit, clock, log } = fixture;
  const mail = tcp("mail.example", 25);
  for (let tries = 0; tries < 3; tries++) audit.record(decided(mail, REFUSED));
  await clock.advance(3_600_000);
  const irc = tcp("irc.example", 6667);
  audit.record(decided(irc, { decision: "ask", by: null, rule: null }, LIBRARY));
  audit.record({ event: "answer", requester: LIBRARY, descriptor: irc, answer: "once" });
  audit.record({ event: "opened", requester: LIBRARY, descriptor: irc, address: "192.0.2.9:6667", detail: null });
  const tls = {
    mode: "open",
    serverName: "imap.example",
    caSha256: null,
    clientCertSha256: null,
    required: true,
  } as const;
  const imap = tcp("imap.example", 993, tls);
  audit.record(decided(imap, { decision: "allow", by: "operator", rule: "policy.json#1" }));
  const detail = "Cannot connect to imap.example port 993: refused [NET_REFUSED]";
  audit.record({ event: "failed", requester: REQUESTER, descriptor: imap, address: null, detail });
  audit.end();
  return { ...fixture, text: log.lines.map((line) => `${line}\n`).join("") };
}
