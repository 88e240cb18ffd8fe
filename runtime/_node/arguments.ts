/** Command-line parsing by `node:util`, which all three runtimes have. */
import { parseArgs } from "node:util";
import { ParleyError } from "../../core/errors.ts";
import type { ArgumentOptions, ParsedArguments } from "../command.ts";

/**
 * Parses arguments, strictly.
 *
 * @param args The arguments.
 * @param options What is accepted.
 * @throws {ParleyError} `ARG_INVALID` for an unknown option or a missing value.
 */
export function parseArguments(args: readonly string[], options: ArgumentOptions): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options },
      allowPositionals: true,
      strict: true,
    });
    return { values: new Map(Object.entries(values)) as ParsedArguments["values"], positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ParleyError("ARG_INVALID", message.replace(/\.? To specify.*$/su, ""), { cause: error });
  }
}
