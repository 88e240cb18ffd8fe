/** Makes docs/cli.md from the commands' own records; `deno task gen` calls it. */
import { commandHelp } from "./help.ts";
import { COMMANDS } from "./commands/mod.ts";
import { EXIT_CODES } from "./exit_codes.ts";

/** The page. */
export function cliDocumentation(): string {
  const rows = EXIT_CODES.map(({ status, name, meaning }) => `| ${status} | ${name} | ${meaning} |`);
  const verbs = COMMANDS.flatMap((
    command,
  ) => [`## parley ${command.name}`, "", "```", commandHelp(command).trimEnd(), "```", ""]);
  return [
    "<!-- Made from cli/commands/ by `deno task gen`. Do not edit. -->",
    "",
    "# The parley command",
    "",
    "Messages and questions never go to standard output: it carries data only. With `--json` each message is one JSON object on a",
    "line of standard error, in ASCII: `started`, `report`, `connected`, `listening`, `accepted`, `closed`, `line`, `delivered`,",
    "`refused`, `error`.",
    "",
    ...verbs,
    "## Exit statuses",
    "",
    "| status | name | meaning |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
