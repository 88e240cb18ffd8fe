/** `parley sockets`: what is open now, in every process of this user that opens sockets through Parley. */
import { ParleyError } from "../../core/errors.ts";
import { type InventoryDocument, parseInventory } from "../../net/inventory_document.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { CommandHost, ParsedArguments } from "../../runtime/command.ts";
import type { Host } from "../../runtime/host.ts";
import { type Command, flagOption, type Invocation, textOption } from "../command.ts";
import { SIGNAL_STATUS } from "../exit_codes.ts";
import { asciiJson, type Messages } from "../messages.ts";
import { createPaint } from "../paint.ts";
import { socketRates, type SocketsNow } from "../sockets/socket_rates.ts";
import { socketTable } from "../sockets/socket_table.ts";

/** The verb. */
export const socketsCommand: Command = Object.freeze({
  name: "sockets",
  summary: "List the sockets that are open now, in all programs",
  usage: "sockets [OPTIONS]",
  description:
    "Asks every process of yours that has opened a socket through Parley, on any runtime: what it is, both ends, what was " +
    "approved, what has passed. A process shows that in XDG_RUNTIME_DIR, to nobody but you; with PARLEY_PRIVATE=1, or " +
    "without that directory, it does not. With --json standard output is one object a line.",
  options: Object.freeze<Command["options"]>({ watch: { type: "boolean" }, interval: { type: "string" } }),
  help: [
    { usage: "--watch", text: "Look again and again, and show how fast bytes pass, until Ctrl-C." },
    { usage: "--interval SECONDS", text: "Time between two looks; 2 by default." },
  ],
  examples: [
    "parley sockets",
    "parley sockets --watch",
    "parley sockets --json | jq '.processes[].sockets[].destination'",
  ],
  run: runSockets,
});

const CLEAR = "\u001b[2J\u001b[H";
const DEFAULT_INTERVAL_S = 2;

interface Plan {
  readonly json: boolean;
  /** Milliseconds between two looks, or null for a single one. */
  readonly intervalMs: number | null;
}

async function runSockets({ host, args, messages }: Invocation): Promise<number> {
  const plan = readPlan(args);
  const runtime = await autoHost();
  const draw = drawer(host, runtime, plan);
  let now = await look(runtime, messages);
  await draw(null, now);
  if (plan.intervalMs === null) return 0;
  const interrupted = Promise.withResolvers<number>();
  const forget = host.onInterrupt((signal) => interrupted.resolve(SIGNAL_STATUS[signal]));
  try {
    for (;;) {
      const status = await Promise.race([interrupted.promise, pause(runtime, plan.intervalMs)]);
      if (status !== null) return status;
      const before = now;
      now = await look(runtime, messages);
      await draw(before, now);
    }
  } finally {
    forget();
  }
}

async function look({ inventory, clock }: Host, messages: Messages): Promise<SocketsNow> {
  const replies = await inventory.collect();
  const processes: InventoryDocument[] = [];
  for (const { pid, text } of replies) {
    const document = text === null ? null : parseInventory(text);
    if (document !== null && document.pid === pid) processes.push(document);
    else {messages.report(
        `parley: process ${pid} ${text === null ? "did not answer" : "gave no answer that can be read"}`,
      );}
  }
  return { atMs: clock.monotonicMs(), processes };
}

function drawer(
  host: CommandHost,
  { clock, launch }: Host,
  plan: Plan,
): (before: SocketsNow | null, now: SocketsNow) => Promise<void> {
  const plain = !host.stdoutIsTerminal || launch.env("TERM") === "dumb";
  const paint = createPaint(!plain && !launch.env("NO_COLOR"));
  const write = (text: string): Promise<void> => host.writeOut(new TextEncoder().encode(text));
  return async (before, now) => {
    const nowMs = clock.nowMs();
    if (plan.json) return await write(`${asciiJson({ atMs: nowMs, processes: now.processes })}\n`);
    const options = { columns: host.columns(), nowMs, paint, rateOf: socketRates(before, now) };
    const text = socketTable(now.processes, options).map((line) => `${line}\n`).join("");
    const again = plan.intervalMs === null ? "" : plain ? (before === null ? "" : "\n") : CLEAR;
    await write(again + text);
  };
}

function pause({ clock }: Host, intervalMs: number): Promise<null> {
  return new Promise((resolve) => void clock.after(intervalMs, () => resolve(null)));
}

function readPlan(args: ParsedArguments): Plan {
  if (args.positionals.length > 0) throw usage("it takes no arguments");
  const watch = flagOption(args, "watch");
  const text = textOption(args, "interval");
  const seconds = text === null ? DEFAULT_INTERVAL_S : Number(text);
  if (!watch && text !== null) throw usage("--interval needs --watch");
  if (!(seconds >= 0.1 && seconds <= 86_400)) throw usage("--interval takes seconds, from 0.1 to 86400");
  return { json: flagOption(args, "json"), intervalMs: watch ? Math.round(seconds * 1000) : null };
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot list sockets: ${what}; see parley sockets --help`);
}
