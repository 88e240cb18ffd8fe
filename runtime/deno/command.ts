/** The surroundings of the command on Deno, by its own APIs; the demo's server is shared with the others. */
import { ParleyError } from "../../core/errors.ts";
import type { CommandHost } from "../command.ts";
import { parseArguments } from "../_node/arguments.ts";
import { listenLoopback, serveTls } from "../_node/loopback_server.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Makes the command's surroundings out of `Deno`. */
export function createCommandHost(): CommandHost {
  return Object.freeze({
    args: Deno.args,
    stdin: Deno.stdin.readable,
    stdinIsTerminal: Deno.stdin.isTerminal(),
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
    columns: consoleColumns,
    async writeOut(bytes: Uint8Array): Promise<void> {
      try {
        for (let offset = 0; offset < bytes.byteLength;) offset += await Deno.stdout.write(bytes.subarray(offset));
      } catch (cause) {
        if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
        throw new ParleyError("OUT_CLOSED", "Cannot write the output: whoever read it has gone", { cause });
      }
    },
    writeError,
    readTextFile: (path: string) => Deno.readTextFile(path),
    onInterrupt(callback: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void): () => void {
      const listeners = SIGNALS.map((signal) => [signal, () => callback(signal)] as const);
      for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
      return () => listeners.forEach(([signal, listener]) => Deno.removeSignalListener(signal, listener));
    },
    exit: (status: number): never => Deno.exit(status),
    parse: parseArguments,
    listenLoopback,
    serveTls,
  });
}

function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

function writeError(text: string): void {
  try {
    const bytes = new TextEncoder().encode(text);
    for (let offset = 0; offset < bytes.byteLength;) offset += Deno.stderr.writeSync(bytes.subarray(offset));
  } catch {
    // Nobody is there to be told.
  }
}
