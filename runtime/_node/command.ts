/** The surroundings of the command on Bun and Node: `node:process` for streams and signals, `node:fs` for files. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { Readable } from "node:stream";
import { isatty } from "node:tty";
import type { CommandHost } from "../command.ts";
import { parseArguments } from "./arguments.ts";
import { ParleyError } from "../../core/errors.ts";
import { nativeCode } from "./errors.ts";
import { listenLoopback, serveTls } from "./loopback_server.ts";

/** Makes the command's surroundings out of `node:process`. */
export function createProcessCommand(): CommandHost {
  // Without a listener the end of a pipe would end the process before the write can tell.
  process.stdout.on("error", () => {});
  return Object.freeze({
    args: process.argv.slice(2),
    get stdin(): ReadableStream<Uint8Array> {
      return Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>;
    },
    stdinIsTerminal: isatty(0),
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? process.stdout.columns ?? 80,
    writeOut: (bytes: Uint8Array) =>
      new Promise<void>((resolve, reject) => {
        process.stdout.write(bytes, (error) => error ? reject(outputError(error)) : resolve());
      }),
    writeError: (text: string) => void process.stderr.write(text),
    readTextFile: (path: string) => readFile(path, "utf8"),
    onInterrupt(callback: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void): () => void {
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
      for (const signal of signals) process.once(signal, callback);
      return () => signals.forEach((signal) => void process.off(signal, callback));
    },
    exit: (status: number): never => process.exit(status),
    parse: parseArguments,
    listenLoopback,
    serveTls,
  });
}

function outputError(error: unknown): unknown {
  if (nativeCode(error) !== "EPIPE") return error;
  return new ParleyError("OUT_CLOSED", "Cannot write the output: whoever read it has gone", { cause: error });
}
