/** Runs a program that asks for one approved connection, in whatever way it comes to a runtime, and tells what became of it. */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";

/** How to run the program. */
export interface OriginRun {
  /** On which runtime. */
  readonly runtime: TestRuntime;
  /** The arguments that name it. */
  readonly args: readonly string[];
  /** What stands on standard input; nothing by default. */
  readonly input?: string;
  /** Variables to add. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Deno instead of all permissions. */
  readonly denoFlags?: readonly string[];
}

/** What became of it. */
export interface OriginOutcome {
  /** The error's name: `NetworkError` when the connection was approved, because nobody listens there. */
  readonly name: string;
  /** What the operator was told, and all else on standard error. */
  readonly told: string;
}

const ROOT = new URL("../../", import.meta.url);
const INHERITED = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR"];
/** Discard: nobody listens on it here, and a refused connection is an approved one. */
const DESTINATION = { remoteAddress: "127.0.0.1", remotePort: 9 };

/**
 * The program's text: JavaScript, as every runtime takes it from everywhere.
 *
 * @param parley Where it imports Parley from.
 */
export function programText(parley: string = new URL("mod.ts", ROOT).href): string {
  return [
    `import { openTCPSocket } from "${parley}";`,
    `const asked = openTCPSocket(${JSON.stringify(DESTINATION)});`,
    `console.log("@@" + await asked.then(() => "open", (error) => error.name));`,
  ].join("\n");
}

/** Deno's flags, which find Parley's dependencies for a program that stands elsewhere. */
export function denoConfig(): string {
  return `--config=${fileURLToPath(new URL("deno.json", ROOT))}`;
}

/**
 * Runs it, with the destination approved at launch and no terminal.
 *
 * @param run How.
 * @throws {TypeError} When it does not tell how it went.
 */
export async function runOrigin(run: OriginRun): Promise<OriginOutcome> {
  const path = await runtimePath(run.runtime);
  const [verb = "", ...rest] = run.args;
  const denoFlags = [
    "--quiet",
    "--no-check",
    "--no-lock",
    denoConfig(),
    ...(run.denoFlags ?? (verb === "eval" ? [] : ["-A"])),
  ];
  const args = run.runtime === "deno" ? [verb, ...denoFlags, ...rest] : run.args;
  const child = spawn(path, args, {
    env: { ...inherited(), NO_COLOR: "1", PARLEY_ALLOW: "127.0.0.1:9", ...run.env },
    stdio: ["pipe", "pipe", "pipe"],
    // A session of its own has no terminal to ask at.
    detached: true,
    timeout: 60_000,
  });
  let [printed, told] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => told += text);
  child.stdin.on("error", () => {});
  child.stdin.end(run.input ?? "");
  await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [, name] = /@@(\w+)/.exec(printed) ?? [];
  if (name === undefined) throw new TypeError(`Cannot tell how it went:\n${printed}\n${told}`);
  return { name, told };
}

function inherited(): Record<string, string> {
  return Object.fromEntries(INHERITED.flatMap((name) => process.env[name] ? [[name, process.env[name]]] : []));
}
