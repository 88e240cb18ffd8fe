#!/usr/bin/env -S deno run -A
/** The `parley` command: picks the verb; the verbs are in `commands/`. */
import { ERROR_CODES } from "../core/error_codes.ts";
import { isParleyError, ParleyError } from "../core/errors.ts";
import { autoCommandHost } from "../runtime/auto.ts";
import type { CommandHost } from "../runtime/command.ts";
import { COMMANDS } from "./commands/mod.ts";
import { commandHelp, overview } from "./help.ts";
import { createMessages } from "./messages.ts";
import { VERSION } from "./version.ts";

const COMMON_OPTIONS = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

async function main(host: CommandHost): Promise<number> {
  const [name, ...rest] = host.args;
  const messages = createMessages(host, rest.includes("--json"));
  try {
    if (name === undefined) {
      host.writeError(overview(COMMANDS, VERSION));
      return 64;
    }
    if (name === "--help" || name === "-h" || name === "help") return await print(host, overview(COMMANDS, VERSION));
    if (name === "--version") return await print(host, `${VERSION}\n`);
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (command === undefined) {
      throw new ParleyError("ARG_INVALID", `Cannot run "${name}": there is no such command; see parley --help`);
    }
    if (rest.includes("--help") || rest.includes("-h")) return await print(host, commandHelp(command));
    const args = host.parse(rest, { ...command.options, ...COMMON_OPTIONS });
    return await command.run({ host, args, messages });
  } catch (error) {
    // As with every command in a pipe: `parley … | head -1` has done what it was asked for.
    if (isParleyError(error, "OUT_CLOSED")) return ERROR_CODES.OUT_CLOSED.exit;
    return messages.fail(error);
  }
}

async function print(host: CommandHost, text: string): Promise<number> {
  await host.writeOut(new TextEncoder().encode(text));
  return 0;
}

if (import.meta.main) {
  const host = await autoCommandHost();
  host.exit(await main(host));
}
