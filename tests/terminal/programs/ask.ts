/**
 * A real program for the pseudo-terminal suite: asks questions through this runtime's own terminal and prints what came
 * of them, one JSON record a line, on standard output.
 *
 * Argument 1: JSON of {@linkcode Script}.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import process from "node:process";
import { canonicalHost } from "../../../core/host.ts";
import { makeDestination } from "../../../core/destination.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { Lifetime, Question } from "../../../permissions/prompter.ts";
import { mainRequester } from "../../../permissions/main_requester.ts";
import { riskOfHost } from "../../../permissions/risk.ts";
import { createTerminalPrompter } from "../../../permissions/terminal/mod.ts";
import { systemClock } from "../../../runtime/system_clock.ts";
import { connectDescriptor } from "../../../permissions/descriptor.ts";

/** What the program does. */
interface Script {
  /** What to ask, in this order. */
  readonly questions: readonly {
    readonly host: string | null;
    readonly port?: number;
    readonly claim?: string;
    readonly origin?: string;
  }[];
  /** Whether all are asked at the same time. */
  readonly together?: boolean;
  /** Milliseconds after which the program withdraws its questions. */
  readonly withdrawAfterMs?: number;
  /** Waits for this signal before it asks (prints `waiting`). */
  readonly waitFor?: "SIGUSR2";
  /** Prints `ticked` after so many ticks of 20 ms. */
  readonly announceTicks?: number;
  /** Fails with an uncaught error after so many milliseconds. */
  readonly failAfterMs?: number;
  /** The durations offered. Default once and run. */
  readonly lifetimes?: readonly Lifetime[];
  /** Starts a second process like this one, without this option, at the same time. */
  readonly twin?: boolean;
  /** At SIGUSR2 a further process types this at the terminal, by TIOCSTI. */
  readonly injects?: string;
  /** Lives on after its questions until the terminal is gone, and prints when. */
  readonly watches?: boolean;
  /** Prints what could type here. */
  readonly injectors?: boolean;
  /** Shows this title while its questions stand. */
  readonly title?: string;
  /** Handles SIGINT by itself, without ending. */
  readonly handlesInterrupt?: boolean;
}

const script = JSON.parse(process.argv[2] ?? "{}") as Script;
const { terminal, env, maySeeDescriptors } = await backEnd();
const prompter = createTerminalPrompter({ terminal, clock: systemClock, launch: { env } });
let ticks = 0;
const ticker = setInterval(() => {
  ticks++;
  if (ticks === script.announceTicks) print({ event: "ticked" });
}, 20);
if (script.handlesInterrupt) process.on("SIGINT", () => print({ event: "sigint" }));
if (script.waitFor !== undefined) await signalled(script.waitFor);
if (script.failAfterMs !== undefined) {
  setTimeout(() => {
    throw new TypeError("a mistake of the program");
  }, script.failAfterMs);
}
const controller = new AbortController();
if (script.withdrawAfterMs !== undefined) setTimeout(() => controller.abort(), script.withdrawAfterMs);

const twin = script.twin === true ? startTwin() : null;
if (script.injects !== undefined) process.on("SIGUSR2", () => inject(script.injects ?? ""));
if (script.injectors === true) print({ event: "injectors", injectors: terminal.injectors?.() });
if (script.title !== undefined) terminal.title?.(script.title);
const gone = script.watches === true ? terminalGone() : null;
const asks = script.questions.map((_, index) => () => ask(index));
if (script.together) await Promise.all(asks.map((start) => start()));
else for (const start of asks) await start();
await twin;
if (gone !== null) print({ event: "gone", ...await gone });
clearInterval(ticker);
print({ event: "end", ticks });
// A listener for a signal holds some runtimes open.
if (script.handlesInterrupt || script.injects !== undefined) process.exit(0);

async function ask(index: number): Promise<void> {
  let question: Question;
  try {
    question = makeQuestion(index);
  } catch (error) {
    if (!isParleyError(error)) throw error;
    return print({ event: "answer", number: index + 1, answer: { kind: "deny", reason: error.code } });
  }
  const before = ticks;
  const answer = await prompter.ask(question, controller.signal);
  print({ event: "answer", number: question.number, answer, ticks: ticks - before, descriptors: descriptors() });
}

/** Another process of the same job, at the same terminal. */
async function startTwin(): Promise<void> {
  const { twin: _twin, ...same } = script;
  const args = "Deno" in globalThis ? ["run", "-A", "--no-check", "--cached-only"] : [];
  const path = process.argv[1] ?? "";
  await once(spawn(process.execPath, [...args, path, JSON.stringify(same)], { stdio: "inherit" }), "close");
}

function inject(text: string): void {
  const code = [
    "import fcntl, os, sys, termios",
    'tty = os.open("/dev/tty", os.O_RDWR)',
    "for byte in sys.argv[1].encode(): fcntl.ioctl(tty, termios.TIOCSTI, bytes([byte]))",
  ].join("\n");
  const child = spawn("/usr/bin/python3", ["-I", "-c", code, text], { stdio: "ignore" });
  child.on("close", (status) => print({ event: "injected", status }));
}

function terminalGone(): Promise<{ readonly reason: string }> {
  return new Promise((resolve) => void prompter.onGone?.((reason) => resolve({ reason })));
}

/** How many descriptors are open, or null where nobody may look: Deno would ask for a permission. */
function descriptors(): number | null {
  return maySeeDescriptors ? readdirSync("/proc/self/fd").length : null;
}

function makeQuestion(index: number): Question {
  const asked = script.questions[index] ?? { host: null };
  const host = asked.host === null ? null : canonicalHost(asked.host);
  const port = asked.port ?? 25;
  const requester = mainRequester(import.meta.url, process.pid);
  return {
    number: index + 1,
    requester: asked.origin === undefined ? requester : { ...requester, origin: asked.origin },
    descriptor: connectDescriptor({
      destination: host === null ? null : makeDestination({ scheme: "tcp", host, port }),
      port,
    }),
    changed: null,
    pinsCode: false,
    peerKey: null,
    lifetimes: script.lifetimes ?? ["once", "run"],
    risk: host === null ? null : riskOfHost(host),
    claim: asked.claim ?? null,
    runtimeAsksToo: false,
    preapprove: host === null ? null : `PARLEY_ALLOW=${host.text}:${port}`,
  };
}

async function backEnd(): Promise<{
  readonly terminal: import("../../../permissions/terminal/port.ts").TerminalBackend;
  readonly env: (name: string) => string | undefined;
  readonly maySeeDescriptors: boolean;
}> {
  if ("Deno" in globalThis) {
    const { denoTerminal } = await import("../../../runtime/deno/terminal.ts");
    const { denoLaunch, hasAllPermissions } = await import("../../../runtime/deno/launch.ts");
    return { terminal: denoTerminal, env: (name) => denoLaunch.env(name), maySeeDescriptors: hasAllPermissions() };
  }
  const { devTty } = await import("../../../runtime/_node/terminal.ts");
  return { terminal: devTty, env: (name) => process.env[name], maySeeDescriptors: true };
}

function signalled(name: "SIGUSR2"): Promise<void> {
  return new Promise((resolve) => {
    process.once(name, () => resolve());
    print({ event: "waiting" });
  });
}

function print(record: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`@@${JSON.stringify(record)}\n`);
}
