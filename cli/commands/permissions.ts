/** `parley permissions`: what was answered for good, and how it is taken back (NET-19). */
import { formatDestination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { readOrigin } from "../../permissions/policy/rule_origin.ts";
import type { Prompter } from "../../permissions/prompter.ts";
import { FileStore, type RememberedDecision } from "../../permissions/store/file_store.ts";
import { formatGrantRecord } from "../../permissions/store/grant_record.ts";
import type { RecordDirectory, RecordFolder } from "../../permissions/store/record_directory_port.ts";
import { whyNotRemembered } from "../../permissions/store/remembering.ts";
import { createTerminalPrompter } from "../../permissions/terminal/mod.ts";
import { mainModuleUrl } from "../../runtime/_node/launch.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Host } from "../../runtime/host.ts";
import type { Command, Invocation } from "../command.ts";
import { asciiJson } from "../messages.ts";
import { createPaint } from "../paint.ts";
import { confirmed } from "../permissions/confirmation.ts";
import { confirmRisk, grantDescriptor, grantRequesters } from "../permissions/grant_request.ts";
import { exportPermissions } from "../permissions/permissions_export.ts";
import { type PermissionsPlan, readPermissionsPlan } from "../permissions/permissions_plan.ts";
import { permissionsTable } from "../permissions/permissions_table.ts";
import { programText, whereText } from "../permissions/request_words.ts";

/** The verb. */
export const permissionsCommand: Command = Object.freeze({
  name: "permissions",
  summary: "List what was allowed or refused for good, and take it back",
  usage: "permissions list|grant|revoke|clear|export [OPTIONS]",
  description:
    "Answers for good are files of yours in XDG_STATE_HOME (by default ~/.local/state), in parley/grants, one each. With " +
    "list they are a table; grant PROGRAM DESTINATION adds an approval, and asks for a word at the terminal when it is risky; " +
    "revoke takes back by the identifiers of the list, or all that is about a DESTINATION, and ends the connections that rely " +
    "on it; clear takes back everything; export prints a policy file for review. An answer that nobody used for 90 days is " +
    "forgotten. With --json standard output is one object.",
  options: Object.freeze<Command["options"]>({
    origin: { type: "string" },
    feature: { type: "string" },
    starttls: { type: "boolean" },
    force: { type: "boolean" },
  }),
  help: [
    { usage: "--origin PROGRAM", text: "Only one program: its path, or its origin such as npm:mqtt." },
    { usage: "--feature NAME", text: "Only one feature, such as direct-sockets or listen." },
    { usage: "--starttls", text: "Grant a connection that begins without TLS and goes on to it." },
    { usage: "--force", text: "Clear without asking." },
  ],
  examples: [
    "parley permissions list",
    "parley permissions grant ./mailer.ts tls://imap.example.com:993",
    "parley permissions revoke tls://imap.example.com:993",
    "parley permissions clear --origin ./mailer.ts",
    "parley permissions export > policy.json",
  ],
  run: async (invocation: Invocation): Promise<number> => {
    const host = await autoHost();
    return await runPermissions(invocation, { ...host, ...host.state });
  },
});

const CONFIG = 78;

/** What the command needs of a runtime. */
export interface PermissionsSurroundings extends Pick<Host, "clock" | "launch" | "terminal"> {
  /** Where records are; absent on a host that reaches nothing real. */
  records?(folder: RecordFolder): RecordDirectory;
  /** Who asks for a word; the terminal by default. */
  readonly prompter?: Prompter;
}

/** One run. */
interface Run extends Invocation {
  readonly plan: PermissionsPlan;
  readonly store: FileStore;
  readonly surroundings: PermissionsSurroundings;
  /** Fires when the operator interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Runs the command.
 *
 * @param invocation What was typed.
 * @param surroundings The runtime.
 * @throws {ParleyError} `ARG_INVALID`; `CONFIG_INVALID` where nothing can be remembered; a `PERM_` code where the operator
 * did not confirm.
 */
export async function runPermissions(
  invocation: Invocation,
  surroundings: PermissionsSurroundings,
): Promise<number> {
  const plan = readPermissionsPlan(invocation.args);
  const directory = surroundings.records?.("grants") ?? null;
  const obstacle = directory === null ? "there is no place for it" : directory.obstacle();
  if (directory === null || directory.path === null) {
    throw new ParleyError("CONFIG_INVALID", `Cannot see what is remembered: ${obstacle}`);
  }
  if (obstacle !== null) invocation.messages.report(`parley: ${escapeText(obstacle)}`);
  const report = (line: string): void => invocation.messages.report(line);
  const store = new FileStore({ directory, clock: surroundings.clock, report, by: "command" });
  const interrupted = new AbortController();
  const forget = invocation.host.onInterrupt(() => interrupted.abort());
  try {
    const run = { ...invocation, plan, store, surroundings, signal: interrupted.signal };
    const status = await TASKS[plan.task](run);
    return obstacle === null ? status : CONFIG;
  } finally {
    forget();
  }
}

const TASKS: Readonly<Record<PermissionsPlan["task"], (run: Run) => Promise<number>>> = Object.freeze({
  __proto__: null as never,
  list,
  grant,
  revoke,
  clear,
  export: exportAll,
});

async function list({ host, plan, store, surroundings }: Run): Promise<number> {
  const records = chosen(store.list(), plan);
  const narrowed = plan.origin !== null || plan.feature !== null;
  const broken = narrowed ? [] : store.broken();
  if (plan.json) {
    const shown = records.map((record) => ({
      ...JSON.parse(formatGrantRecord(record)),
      lastUsed: new Date(record.usedMs).toISOString(),
      expires: new Date(record.expiresMs).toISOString(),
    }));
    await write(host, `${asciiJson({ records: shown, broken })}\n`);
    return 0;
  }
  const { launch } = surroundings;
  const plain = !host.stdoutIsTerminal || launch.env("TERM") === "dumb" || Boolean(launch.env("NO_COLOR"));
  const options = { columns: host.columns(), paint: createPaint(!plain) };
  const lines = permissionsTable({ records, broken }, options);
  await write(host, lines.map((line) => `${line}\n`).join(""));
  return 0;
}

async function grant({ plan, store, surroundings, messages, signal }: Run): Promise<number> {
  const [program = "", destination = ""] = plan.operands;
  const requesters = grantRequesters(program, { pid: surroundings.launch.pid, urlOfFile: mainModuleUrl });
  const descriptor = grantDescriptor(destination, plan);
  const [requester] = requesters;
  if (requester === undefined) return 0;
  const why = whyNotRemembered({ effect: "allow", by: "command", requester, descriptor });
  if (why !== null) throw new ParleyError("ARG_INVALID", `Cannot approve it: ${why}`);
  const prompter = surroundings.prompter ?? createTerminalPrompter(surroundings);
  await confirmRisk(prompter, { requester, descriptor, signal });
  for (const one of requesters) {
    const { id } = store.put(one, descriptor, { effect: "allow", lifetime: "always" });
    const words = `${whereText(descriptor)} for ${programText(one.origin)}`;
    messages.tell(
      { event: "granted", id, origin: one.origin },
      `parley: allowed ${words} (${id}), whatever code stands there`,
    );
  }
  return 0;
}

function revoke({ plan, store, messages }: Run): Promise<number> {
  const ids = plan.operands.flatMap((operand) => {
    const found = idsOf(operand, store);
    if (found.length > 0) return found;
    throw new ParleyError("ARG_INVALID", `Cannot take back ${escapeText(operand)}: nothing of the kind is remembered`);
  });
  return Promise.resolve(takeBack([...new Set(ids)], store, messages));
}

async function clear({ plan, store, surroundings, messages, signal }: Run): Promise<number> {
  const records = chosen(store.list(), plan);
  const ids = [...records, ...(plan.origin === null ? store.broken() : [])].map(({ id }) => id);
  if (ids.length === 0) {
    messages.tell({ event: "revoked", ids: [] }, "parley: nothing of the kind is remembered");
    return 0;
  }
  if (!plan.force) {
    const answers = ids.length === 1 ? "1 answer" : `${ids.length} answers`;
    const said = await confirmed(surroundings.terminal, `Take back ${answers} for good?`, signal);
    if (said === null) {
      throw new ParleyError("ARG_INVALID", "Cannot ask whether to clear: without a terminal say --force");
    }
    if (!said) throw new ParleyError("PERM_DENIED", "Cannot clear: it was not confirmed");
  }
  return takeBack(ids, store, messages);
}

async function exportAll({ host, plan, store, messages }: Run): Promise<number> {
  const { text, leftOut } = exportPermissions(chosen(store.list(), plan));
  for (const line of leftOut) messages.tell({ event: "left-out", line }, `parley: left out ${line}`);
  for (const { id } of store.broken()) {
    messages.tell({ event: "left-out", line: id }, `parley: left out ${id}: not valid`);
  }
  await write(host, text);
  return 0;
}

function takeBack(ids: readonly string[], store: FileStore, messages: Invocation["messages"]): number {
  const gone = ids.filter((id) => store.remove(id));
  const count = gone.length === 1 ? "1 answer" : `${gone.length} answers`;
  messages.tell({ event: "revoked", ids: gone }, `parley: took back ${count}`);
  const kept = ids.filter((id) => !gone.includes(id));
  if (kept.length === 0) return 0;
  throw new ParleyError(
    "CONFIG_INVALID",
    `Cannot take back ${kept.join(", ")}: it cannot be removed, or another process has changed it; list what is there`,
  );
}

function idsOf(operand: string, store: FileStore): readonly string[] {
  if (/^(?:broken-)?[0-9a-f]{12}$/.test(operand)) {
    return [...store.list(), ...store.broken()].filter(({ id }) => id === operand).map(({ id }) => id);
  }
  const wanted = formatDestination(parseDestination(operand));
  return store.list().filter(({ descriptor: { destination } }) =>
    destination !== null && formatDestination(destination) === wanted
  ).map(({ id }) => id);
}

function chosen(records: readonly RememberedDecision[], plan: PermissionsPlan): readonly RememberedDecision[] {
  const origins = plan.origin === null ? null : originsOf(plan.origin);
  return records.filter(({ requester, descriptor }) =>
    (origins === null || origins.has(requester.origin)) && (plan.feature === null || descriptor.name === plan.feature)
  );
}

/** Every spelling of a program, which need not be there any more. */
function originsOf(text: string): ReadonlySet<string> {
  const url = mainModuleUrl(text);
  const readings = [text, ...(url === null ? [] : [url])].map(readOrigin);
  return new Set([text, ...readings.flatMap((reading) => "origins" in reading ? reading.origins : [])]);
}

function write(host: Invocation["host"], text: string): Promise<void> {
  return host.writeOut(new TextEncoder().encode(text));
}
