/** What a verb of the `parley` command is. */
import type { Messages } from "./messages.ts";
import type { ArgumentOptions, CommandHost, ParsedArguments } from "../runtime/command.ts";

/** One option in a help text. */
export interface OptionHelp {
  /** As it is typed, such as `--ca FILE`. */
  readonly usage: string;
  /** What it does. */
  readonly text: string;
}

/** One run of a verb. */
export interface Invocation {
  /** The surroundings. */
  readonly host: CommandHost;
  /** What was typed. */
  readonly args: ParsedArguments;
  /** Where messages go. */
  readonly messages: Messages;
}

/** A verb. */
export interface Command {
  /** Its name. */
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  /** How it is typed, without `parley`. */
  readonly usage: string;
  /** A paragraph or two for its help. */
  readonly description: string;
  /** What the parser accepts. */
  readonly options: ArgumentOptions;
  /** The same, for people. */
  readonly help: readonly OptionHelp[];
  /** Examples, ready to be copied. */
  readonly examples: readonly string[];
  /**
   * Runs it.
   *
   * @returns The exit status.
   * @throws what `explain` of `exit_codes.ts` understands.
   */
  run(invocation: Invocation): Promise<number>;
}

/** The value of an option that takes text, or null. */
export function textOption(args: ParsedArguments, name: string): string | null {
  const value = args.values.get(name);
  return typeof value === "string" ? value : null;
}

/** The values of an option that may be repeated. */
export function listOption(args: ParsedArguments, name: string): readonly string[] {
  const value = args.values.get(name);
  return Array.isArray(value) ? value : [];
}

/** Whether a flag was given. */
export function flagOption(args: ParsedArguments, name: string): boolean {
  return args.values.get(name) === true;
}
