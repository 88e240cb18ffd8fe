/** The clients of the peer suites: the short scripts in `programs/`, and `parley connect`. */
import assert from "node:assert/strict";
import { type ClientPlan, ClientProcess, type ClientResult, runClient } from "../support/client_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import type { AttemptsPlan } from "./programs/attempts.ts";
import type { Outcome } from "./programs/outcome.ts";

/** How a script is run. */
export interface ScriptOptions {
  /** Destinations approved at launch, as for `PARLEY_ALLOW`. */
  readonly allow: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. */
  readonly cwd?: string;
}

/** What a script came to. */
export interface ScriptResult<T> {
  /** What it printed. */
  readonly printed: T;
  /** What Parley told the operator. */
  readonly stderr: string;
}

/**
 * Runs a script of `programs/` and reads the record it prints.
 *
 * @param runtime On which runtime.
 * @param script Its name, and its arguments.
 * @param options What is approved, and where it runs.
 */
export async function runScript(
  runtime: TestRuntime,
  [name, ...args]: readonly [string, ...string[]],
  options: ScriptOptions,
): Promise<ScriptResult<Outcome>> {
  return await runPrinting<Outcome>({ runtime, program: `tests/peers/programs/${name}.ts`, args }, options);
}

/** Runs `programs/attempts.ts`. */
export async function runAttempts(
  runtime: TestRuntime,
  plan: Omit<AttemptsPlan, "pollution"> & Partial<AttemptsPlan>,
  options: ScriptOptions,
): Promise<ScriptResult<Outcome[]>> {
  const args = [JSON.stringify({ pollution: null, ...plan })];
  return await runPrinting<Outcome[]>({ runtime, program: "tests/peers/programs/attempts.ts", args }, options);
}

async function runPrinting<T>(plan: ClientPlan, { allow, env, cwd }: ScriptOptions): Promise<ScriptResult<T>> {
  const approved = allow === "" ? {} : { PARLEY_ALLOW: allow };
  const where = cwd === undefined ? {} : { cwd };
  const { status, stdout, stderr } = await runClient({ ...plan, ...where, env: { ...approved, ...env } });
  assert.equal(status, 0, `The script ended with ${status}\n${stdout}\n${stderr}`);
  return { printed: JSON.parse(new TextDecoder().decode(bytesOf(stdout))) as T, stderr };
}

/** How `parley connect` is run. */
export interface ConnectOptions {
  /** Standard input. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. */
  readonly cwd?: string;
}

/** An object that `--json` put on standard error. */
export type CliEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** What `parley connect` came to. */
export interface ConnectResult extends ClientResult {
  /** What `--json` told. */
  readonly events: readonly CliEvent[];
}

/**
 * Runs `parley connect --json` to its end.
 *
 * @param runtime On which runtime.
 * @param args After `connect --json`.
 * @param options Standard input, and where it runs.
 */
export async function runConnect(
  runtime: TestRuntime,
  args: readonly string[],
  options: ConnectOptions = {},
): Promise<ConnectResult> {
  const result = await runClient({ runtime, program: "cli/main.ts", args: ["connect", "--json", ...args], ...options });
  return { ...result, events: eventsOf(result.stderr) };
}

/** Starts `parley connect`, to talk with. */
export function startConnect(runtime: TestRuntime, args: readonly string[]): Promise<ClientProcess> {
  return ClientProcess.start({ runtime, program: "cli/main.ts", args: ["connect", ...args] });
}

/**
 * Asserts that a script's work failed as it must.
 *
 * @param outcome What the script printed.
 * @param codes Stable codes of which it must have one; null for the uniform refusal, which has none.
 */
export function assertFailed(outcome: Outcome | undefined, codes: readonly string[] | null): void {
  assert.ok(outcome?.ok === false, `It worked: ${JSON.stringify(outcome)}`);
  const told = JSON.stringify(outcome);
  if (codes === null) {
    assert.deepEqual([outcome.name, outcome.code], ["NotAllowedError", null], told);
    return;
  }
  assert.equal(outcome.name, "NetworkError", told);
  assert.ok(outcome.code !== null && codes.includes(outcome.code), told);
}

/** Asserts that a script's work succeeded; returns its value. */
export function assertWorked(outcome: Outcome | undefined): unknown {
  assert.ok(outcome?.ok === true, `It failed: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/**
 * Asserts that `parley connect` failed as it must, and let nothing through.
 *
 * @param result How it ended.
 * @param failure Its exit status, and stable codes of which it must have one.
 */
export function assertRefused(
  result: ConnectResult,
  failure: { readonly status: number; readonly codes: readonly string[] },
): void {
  assert.equal(result.status, failure.status, result.stderr);
  const error = result.events.find(({ event }) => event === "error");
  assert.ok(failure.codes.includes(String(error?.["code"])), result.stderr);
  assert.equal(result.stdout, "");
}

function eventsOf(stderr: string): CliEvent[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as CliEvent);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
