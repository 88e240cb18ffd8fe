/** Help texts, made from the verbs' own records; `docs/cli.md` is made from the same. */
import type { Command } from "./command.ts";
import { EXIT_CODES } from "./exit_codes.ts";

/** Options every verb has. */
export const COMMON_HELP: Command["help"] = Object.freeze([
  { usage: "--json", text: "Messages on standard error as one JSON object a line." },
  { usage: "-h, --help", text: "This text." },
]);

/** Help for the command itself. */
export function overview(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const verbs = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `parley ${version}: raw sockets, opened only with consent`,
    "",
    "Usage: parley COMMAND [OPTIONS]",
    "",
    ...verbs,
    "",
    "  parley COMMAND --help   says more about a command",
    "  parley --version        prints the version",
    "",
  ].join("\n");
}

/** Help for one verb. */
export function commandHelp(command: Command): string {
  const options = [...command.help, ...COMMON_HELP];
  const width = Math.max(...options.map(({ usage }) => usage.length));
  return [
    `Usage: parley ${command.usage}`,
    "",
    ...wrap(command.description, 78),
    "",
    "Options:",
    ...options.flatMap(({ usage, text }) => optionLines(usage.padEnd(width), text)),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
    `Exit status: ${EXIT_CODES.map(({ status, name }) => `${status} ${name}`).join(", ")}`,
    "",
  ].flatMap((line) => line.startsWith("Exit status") ? wrap(line, 78) : [line]).join("\n");
}

function optionLines(usage: string, text: string): string[] {
  const [first = "", ...rest] = wrap(text, Math.max(20, 78 - usage.length - 4));
  return [`  ${usage}  ${first}`, ...rest.map((line) => `  ${" ".repeat(usage.length)}  ${line}`)];
}

/** Breaks text at blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}
