/** The broker and faces of a verb: the operator's own command, with its own flags. */
import { auditedSockets } from "../net/audited_sockets.ts";
import type { NetContext, NetContextSource } from "../net/context.ts";
import { createRawSockets, type NavigatorRawSockets } from "../net/faces/raw_sockets/mod.ts";
import { createServers, type Servers } from "../net/faces/servers/mod.ts";
import { createPublishedEngine } from "../net/published_engine.ts";
import { composeBroker } from "../permissions/compose.ts";
import { operatorKeys } from "../permissions/pins/operator_keys.ts";
import type { PeerKeyFacts } from "../permissions/pins/peer_key_facts.ts";
import type { Answer } from "../permissions/prompter.ts";
import { type Requester, REQUESTER_SCHEMA } from "../permissions/requester.ts";
import type { TerminalBackend } from "../permissions/terminal/port.ts";
import { autoHost } from "../runtime/auto.ts";
import type { ConsentOptions } from "./consent_options.ts";
import type { Messages } from "./messages.ts";

/** How a verb asks. */
export interface CommandContextOptions extends Partial<ConsentOptions> {
  /** The verb, for the prompt. */
  readonly verb: string;
  /** How the prompt says that a destination is approved in advance; null for a verb that has no such way. Default `flag`. */
  readonly preapproveBy?: "flag" | null;
  /** Answers about the key of a far end in the operator's place, as `--pin FINGERPRINT` does; null to ask. */
  readonly answerKey?: (facts: PeerKeyFacts) => Promise<Answer> | null;
  /** What the verb says about why it asks; shown as its claim. */
  readonly claim?: string;
  /**
   * Whether a question can be put now, asked before each. When it cannot, it is as if there were no terminal. Always by
   * default; a verb that reads what is typed must not ask meanwhile, because either could get the other's lines.
   */
  readonly mayAsk?: () => boolean;
}

/**
 * Raw Sockets for a verb. It makes one connection, so only `once` is offered.
 *
 * @param messages Where the operator's lines go.
 * @param options How it asks.
 */
export function commandSockets(messages: Messages, options: CommandContextOptions): NavigatorRawSockets {
  return createRawSockets(commandContext(messages, options));
}

/**
 * Servers for a verb. It opens one, so only `once` is offered.
 *
 * @param messages Where the operator's lines go.
 * @param options How it asks.
 */
export function commandServers(messages: Messages, options: CommandContextOptions): Servers {
  return createServers(commandContext(messages, options));
}

/**
 * What the faces of a verb work with, for one that decides itself when each question is put.
 *
 * @param messages Where the operator's lines go.
 * @param options How it asks.
 */
export function commandContext(messages: Messages, options: CommandContextOptions): NetContextSource {
  return async (): Promise<NetContext> => {
    const { preapproveBy = "flag", mayAsk, allow, policyFiles, private: isPrivate, record } = options;
    const runtime = await autoHost();
    const terminal = mayAsk === undefined ? runtime.terminal : askedTerminal(runtime.terminal, mayAsk);
    const host = { ...runtime, terminal, report: (line: string): void => messages.report(line) };
    const broker = composeBroker(host, {
      allow: allow ?? [],
      policyFiles: policyFiles ?? [],
      private: isPrivate === true,
      ...(record !== undefined && { record }),
      preapproveBy,
    });
    const requester = commandRequester(options.verb, host.launch.pid);
    const engine = createPublishedEngine(host, requester.origin);
    engine.inventory.follow(auditedSockets(broker));
    const state = isPrivate === true ? null : host.state;
    const keys = operatorKeys(
      { ...host, state },
      (grant, facts, how) => options.answerKey?.(facts) ?? broker.askKey(grant, facts, how),
    );
    return { engine, broker, requester, lifetimes: ["once"], claim: options.claim ?? null, keys, report: host.report };
  };
}

/** A terminal that is there only while a question may be put. */
function askedTerminal(terminal: TerminalBackend, mayAsk: () => boolean): TerminalBackend {
  return { ...terminal, open: () => mayAsk() ? terminal.open() : Promise.resolve(null) };
}

function commandRequester(verb: string, pid: number): Requester {
  return Object.freeze({
    schema: REQUESTER_SCHEMA,
    origin: `parley:${verb}`,
    kind: "package",
    role: "command",
    evidence: "claimed",
    insecure: null,
    rememberable: false,
    mainSha256: null,
    lockSha256: null,
    modules: [],
    pid,
  });
}
