/** The broker and face of a verb: the operator's own command, with its own flags. */
import type { NetContext } from "../net/context.ts";
import { createRawSockets, type NavigatorRawSockets } from "../net/faces/raw_sockets/mod.ts";
import { composeBroker } from "../permissions/compose.ts";
import { type Requester, REQUESTER_SCHEMA } from "../permissions/requester.ts";
import { autoHost } from "../runtime/auto.ts";
import type { Messages } from "./messages.ts";

/** How a verb asks. */
export interface CommandContextOptions {
  /** The verb, for the prompt. */
  readonly verb: string;
  /** Destinations of `--allow` flags. */
  readonly allow: readonly string[];
  /** How the prompt says that a destination is approved in advance; null for a verb that has no such way. Default `flag`. */
  readonly preapproveBy?: "flag" | null;
  /** What the verb says about why it asks; shown as its claim. */
  readonly claim?: string;
}

/**
 * Raw Sockets for a verb. It makes one connection, so only `once` is offered.
 *
 * @param messages Where the operator's lines go.
 * @param options How it asks.
 */
export function commandSockets(messages: Messages, options: CommandContextOptions): NavigatorRawSockets {
  return createRawSockets(async (): Promise<NetContext> => {
    const host = { ...(await autoHost()), report: (line: string): void => messages.report(line) };
    const { preapproveBy = "flag" } = options;
    const broker = composeBroker(host, { allow: options.allow, preapproveBy });
    const requester = commandRequester(options.verb, host.launch.pid);
    const engine = { net: host.net, clock: host.clock };
    return { engine, broker, requester, lifetimes: ["once"], claim: options.claim ?? null, report: host.report };
  });
}

function commandRequester(verb: string, pid: number): Requester {
  return Object.freeze({
    schema: REQUESTER_SCHEMA,
    origin: `parley:${verb}`,
    kind: "package",
    evidence: "claimed",
    rememberable: false,
    mainSha256: null,
    lockSha256: null,
    pid,
  });
}
