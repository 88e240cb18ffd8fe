/** The command line of a client program of this folder on a runtime. */
import { fileURLToPath } from "node:url";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";

/** Differences from the usual command. */
export interface ConnectCommandOptions {
  /** File name in `programs/`; `connect.ts` by default. */
  readonly program?: string;
  /** Deno's permission flags; all permissions by default. */
  readonly denoFlags?: readonly string[];
}

/**
 * Puts the command together.
 *
 * @param runtime The runtime.
 * @param args The program's arguments.
 * @param options Differences from the usual.
 */
export async function connectCommand(
  runtime: TestRuntime,
  args: readonly string[],
  options: ConnectCommandOptions = {},
): Promise<string[]> {
  const program = fileURLToPath(new URL(`./programs/${options.program ?? "connect.ts"}`, import.meta.url));
  const flags = ["run", "--no-check", "--cached-only", "--quiet", ...(options.denoFlags ?? ["-A"])];
  return [await runtimePath(runtime), ...(runtime === "deno" ? flags : []), program, ...args];
}
