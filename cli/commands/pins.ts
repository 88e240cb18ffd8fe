/** `parley pins`: the keys by which far ends are known, and how a changed one is taken (CON-05). */
import { formatDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import { connectDescriptor } from "../../permissions/descriptor.ts";
import { keyQuestion } from "../../permissions/pins/key_question.ts";
import type { PeerKeyFacts } from "../../permissions/pins/peer_key_facts.ts";
import { isBroken, PinStore, type StoredPin } from "../../permissions/pins/pin_store.ts";
import { formatPin } from "../../permissions/pins/pin_record.ts";
import type { Prompter } from "../../permissions/prompter.ts";
import { createTerminalPrompter } from "../../permissions/terminal/mod.ts";
import type { NetContextSource } from "../../net/context.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Host } from "../../runtime/host.ts";
import type { Command, Invocation } from "../command.ts";
import { commandContext } from "../context.ts";
import { asciiJson } from "../messages.ts";
import { createPaint } from "../paint.ts";
import { comparedText, pinsText, pinText, type PinTextOptions } from "../pins/pin_texts.ts";
import { pinFiles, type RecordsHost } from "../pins/pin_files.ts";
import { type PinsPlan, readPinsPlan } from "../pins/pins_plan.ts";
import { seeKey } from "../pins/seen_key.ts";

/** The verb. */
export const pinsCommand: Command = Object.freeze({
  name: "pins",
  summary: "List the keys by which servers are known, and take a changed one",
  usage: "pins list|show|replace|remove [HOST:PORT] [OPTIONS]",
  description:
    "A pinned key is the one that a server must have: devices with certificates of their own making are known by it, and " +
    "whoever is in between is not taken for them. Pins are files of yours in XDG_STATE_HOME (by default ~/.local/state), in " +
    "parley/pins. When a server shows another key the connection is refused, and replace is the one way to take it: it " +
    "connects, shows the old and the new fingerprint, and asks for a word at the terminal. Compare the new one with what the " +
    "server's owner tells you. With --json standard output is one object.",
  options: Object.freeze<Command["options"]>({
    fingerprint: { type: "string" },
    starttls: { type: "string" },
  }),
  help: [
    {
      usage: "--fingerprint HEX",
      text: "Take this key and no other (SHA-256 of the public key), without asking.",
    },
    { usage: "--starttls PROTOCOL", text: "Speak smtp, imap, pop3 or postgres up to its upgrade to TLS." },
  ],
  examples: [
    "parley pins list",
    "parley pins replace printer.example:631",
    "parley pins remove printer.example:631",
  ],
  run: async (invocation: Invocation): Promise<number> => {
    const source = contextOf(invocation);
    return await runPins(invocation, { ...await autoHost(), source });
  },
});

const TIMEOUT_MS = 30_000;

/** What the command needs of a runtime. */
export interface PinsSurroundings extends Pick<Host, "clock" | "launch" | "terminal">, RecordsHost {
  /** Whom connections are made for. */
  readonly source: NetContextSource;
  /** Who asks for a word; the terminal by default. */
  readonly prompter?: Prompter;
}

/** One run. */
interface Run extends Invocation {
  readonly plan: PinsPlan;
  readonly store: PinStore;
  readonly surroundings: PinsSurroundings;
  readonly signal: AbortSignal;
  readonly drawing: PinTextOptions;
}

/**
 * Runs the command.
 *
 * @param invocation What was typed.
 * @param surroundings The runtime.
 * @throws {ParleyError} `ARG_INVALID`; `CONFIG_INVALID` where nothing can be pinned; `TLS_PIN` for another key than the
 * one given; a `PERM_` code where the operator did not confirm; what the connection fails with.
 */
export async function runPins(invocation: Invocation, surroundings: PinsSurroundings): Promise<number> {
  const { host, args } = invocation;
  const plan = readPinsPlan(args);
  const store = new PinStore(pinFiles(surroundings), surroundings.clock);
  const { obstacle } = store;
  if (obstacle !== null) throw new ParleyError("CONFIG_INVALID", `Cannot see what is pinned: ${obstacle}`);
  const { launch } = surroundings;
  const plain = !host.stdoutIsTerminal || launch.env("TERM") === "dumb" || Boolean(launch.env("NO_COLOR"));
  const drawing = { columns: host.columns(), paint: createPaint(!plain) };
  const interrupted = new AbortController();
  const forget = host.onInterrupt(() => interrupted.abort(new ParleyError("NET_ABORTED", "Interrupted")));
  try {
    return await TASKS[plan.task]({ ...invocation, plan, store, surroundings, drawing, signal: interrupted.signal });
  } finally {
    forget();
  }
}

const TASKS: Readonly<Record<PinsPlan["task"], (run: Run) => Promise<number>>> = Object.freeze({
  __proto__: null as never,
  list,
  show,
  replace,
  remove,
});

async function list(run: Run): Promise<number> {
  const { pins, broken } = run.store.list();
  if (run.plan.json) await print(run, [asciiJson({ pins: pins.map(record), broken })]);
  else await print(run, pinsText({ pins, broken }, run.drawing));
  return 0;
}

async function show(run: Run): Promise<number> {
  const { host, port, where } = placeOf(run.plan);
  const pin = run.store.find(host, port);
  if (pin === null) throw nothingThere(where);
  if (isBroken(pin)) throw new ParleyError("CONFIG_INVALID", `Cannot read the pin of ${where}: ${pin.problem}`);
  await print(run, run.plan.json ? [asciiJson(record(pin))] : pinText(pin, run.drawing, true));
  return 0;
}

async function replace(run: Run): Promise<number> {
  const { plan, store, surroundings, signal, messages } = run;
  const { host, port, where, destination } = placeOf(plan);
  const found = store.find(host, port);
  const former = found === null || isBroken(found) ? null : found;
  const facts = await seeKey(surroundings.source, {
    destination,
    starttls: plan.starttls,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  const replacesChecks = facts.reason !== null;
  if (former?.spkiSha256 === facts.spkiSha256 && former.replacesChecks === replacesChecks) {
    messages.tell({ event: "unchanged", ...facts }, `parley: ${where} still has the pinned key`);
    return 0;
  }
  if (!plan.json) await print(run, comparedText(facts, former, run.drawing));
  if (plan.fingerprint === null) await confirm(run, facts);
  else if (plan.fingerprint !== facts.spkiSha256) {
    throw new ParleyError("TLS_PIN", `Cannot pin the key of ${where}: it is not the one that was given`);
  }
  store.put(facts, { replacesChecks });
  messages.tell({ event: "pinned", ...facts, replacesChecks }, `parley: pinned the key of ${where}`);
  return 0;
}

/** A new key is the operator's to judge, by the random word. */
async function confirm({ surroundings, plan, signal }: Run, facts: PeerKeyFacts): Promise<void> {
  const { destination, host, where } = placeOf(plan);
  const { requester } = await surroundings.source();
  const mode = plan.starttls === null ? "open" : "upgrade";
  const tls = Object.freeze(
    { mode, serverName: host, caSha256: null, clientCertSha256: null, required: true } as const,
  );
  const descriptor = connectDescriptor({ destination, port: destination.port, tls });
  const asked = { requester, descriptor, destination };
  const question = keyQuestion(asked, facts, { number: 1, remembers: "only", preapprove: () => null });
  const answer = await (surroundings.prompter ?? createTerminalPrompter(surroundings)).ask(question, signal);
  if (answer.kind === "allow") return;
  if (answer.reason === "no-terminal") {
    const advice = "there is no terminal to confirm it at; say --fingerprint with the key that its owner told you";
    throw new ParleyError("PERM_NO_TERMINAL", `Cannot pin the key of ${where}: ${advice}`);
  }
  throw new ParleyError("PERM_DENIED", `Cannot pin the key of ${where}: it was not confirmed`);
}

function remove({ plan, store, messages }: Run): Promise<number> {
  const { host, port, where } = placeOf(plan);
  if (!store.remove(host, port)) throw nothingThere(where);
  messages.tell({ event: "unpinned", host, port }, `parley: no key is pinned for ${where} any more`);
  return Promise.resolve(0);
}

/** The operator typed the destination; that is the approval of a look at it. */
function contextOf({ args, messages }: Invocation): NetContextSource {
  const { destination } = readPinsPlan(args);
  const allow = destination === null ? [] : [formatDestination({ ...destination, scheme: "tcp" })];
  return commandContext(messages, { verb: "pins", allow, preapproveBy: null });
}

function placeOf({ destination }: PinsPlan): {
  readonly destination: NonNullable<PinsPlan["destination"]>;
  readonly host: string;
  readonly port: number;
  readonly where: string;
} {
  if (destination === null) throw new ParleyError("INTERNAL_INVARIANT", "Cannot manage a pin without a place");
  const { host: { text: host }, port } = destination;
  return { destination, host, port, where: escapeText(formatHostPort(host, port)) };
}

function record(pin: StoredPin): Record<string, unknown> {
  return { ...JSON.parse(formatPin(pin)), lastSeen: new Date(pin.lastSeenMs).toISOString() };
}

function nothingThere(where: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot find a pin: no key is pinned for ${where}`);
}

async function print({ host }: Run, lines: readonly string[]): Promise<void> {
  await host.writeOut(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
}
