/** `parley udp`, run by the peer suites and spoken to by real sockets. */
import { ClientProcess, type ClientResult, runClient } from "../support/client_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";

/** How it is run. */
export interface UdpRunPlan {
  /** Standard input, which then ends; left open by {@linkcode startUdp} when omitted. */
  readonly input?: string;
}

/** A command with an open socket. */
export interface UdpCommand extends AsyncDisposable {
  /** Its own port, where it listens; 0 on a socket with one peer. */
  readonly port: number;
  /** The command. */
  readonly client: ClientProcess;
}

/** Flags that approve destinations. */
export function allowing(...destinations: readonly string[]): string[] {
  return destinations.flatMap((destination) => ["--allow", destination]);
}

/** Runs it to its end; its standard input is empty when none is given. */
export function runUdp(runtime: TestRuntime, args: readonly string[], plan: UdpRunPlan = {}): Promise<ClientResult> {
  return runClient({ runtime, program: "cli/main.ts", args: ["udp", ...args], ...plan });
}

/** Starts it, with `--json`, and waits until its socket is open. */
export async function startUdp(
  runtime: TestRuntime,
  args: readonly string[],
  plan: UdpRunPlan = {},
): Promise<UdpCommand> {
  const client = await ClientProcess.start({
    runtime,
    program: "cli/main.ts",
    args: ["udp", "--json", ...args],
    ...plan,
  });
  try {
    const [line] = await client.expectError(/^\{"event":"(?:listening|connected)".*\}$/m);
    const { localPort = 0 } = JSON.parse(line) as { localPort?: number };
    return { port: localPort, client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** What `--json` put on standard output. */
export function datagramsOf(stdout: string): Readonly<Record<string, unknown>>[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
}
