/** `parley listen`, started by the peer suites and spoken to by real clients. */
import { ClientProcess } from "../support/client_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import type { CliEvent } from "./run_client.ts";

/** A listening command. */
export interface ListenCommand extends AsyncDisposable {
  /** Its port. */
  readonly port: number;
  /** The command. */
  readonly client: ClientProcess;
}

/** How it is started. */
export interface ListenPlan {
  /** Standard input, which then ends; left open when omitted. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What approves a server of these suites. */
export const ALLOW: readonly string[] = Object.freeze(["--allow", "listen://127.0.0.1:0"]);

/**
 * Starts `parley listen --json` at a port of the system's choice, approved, and waits until it listens.
 *
 * @param runtime On which runtime.
 * @param args Further arguments.
 * @param plan Its input and environment.
 */
export async function startListen(
  runtime: TestRuntime,
  args: readonly string[],
  plan: ListenPlan = {},
): Promise<ListenCommand> {
  const given = { runtime, program: "cli/main.ts", args: ["listen", "--json", "0", ...ALLOW, ...args] };
  const client = await ClientProcess.start({ ...given, ...plan });
  try {
    const [line] = await client.expectError(/^\{"event":"listening".*\}$/m);
    const port = (JSON.parse(line) as { localPort: number }).localPort;
    return { port, client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** What `--json` told, of one kind. */
export function eventsOf(stderr: string, event: string): CliEvent[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as CliEvent).filter((one) => one.event === event);
}
