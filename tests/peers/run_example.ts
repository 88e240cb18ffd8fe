/** The examples of `examples/`, run as their user would. */
import { type ClientPlan, ClientProcess, type ClientResult, runClient } from "../support/client_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";

/** How an example is run. */
export interface ExampleOptions {
  /** Destinations approved at launch, as for `PARLEY_ALLOW`; none when empty. */
  readonly allow: string;
  /** Standard input, which then ends. Empty when omitted. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Makes another command of the command, such as one that runs it in a network namespace. */
  readonly within?: (argv: readonly string[]) => readonly string[];
}

/**
 * Runs an example to its end.
 *
 * @param runtime On which runtime.
 * @param example Its name without the extension, and its arguments.
 * @param options What is approved, and what it reads.
 */
export async function runExample(
  runtime: TestRuntime,
  example: readonly [string, ...string[]],
  options: ExampleOptions,
): Promise<ClientResult> {
  return await runClient({ input: "", ...planOf(runtime, example, options) });
}

/**
 * Starts an example, to talk with. Its standard input stays open unless `input` is given.
 *
 * @param runtime On which runtime.
 * @param example Its name without the extension, and its arguments.
 * @param options What is approved.
 */
export function startExample(
  runtime: TestRuntime,
  example: readonly [string, ...string[]],
  options: ExampleOptions,
): Promise<ClientProcess> {
  return ClientProcess.start(planOf(runtime, example, options));
}

function planOf(
  runtime: TestRuntime,
  [name, ...args]: readonly [string, ...string[]],
  { allow, input, env, within }: ExampleOptions,
): ClientPlan {
  const approved = allow === "" ? {} : { PARLEY_ALLOW: allow };
  return {
    runtime,
    program: `examples/${name}.ts`,
    args,
    env: { ...approved, ...env },
    ...(input === undefined ? {} : { input }),
    ...(within === undefined ? {} : { within }),
  };
}
