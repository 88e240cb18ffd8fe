/** Options of the verbs that open something: how the operator's consent is given in advance, and what is left behind. */
import type { ParsedArguments } from "../runtime/command.ts";
import { type Command, flagOption, listOption, type OptionHelp, textOption } from "./command.ts";

/** What was given. */
export interface ConsentOptions {
  /** Destinations of `--allow` flags. */
  readonly allow: readonly string[];
  /** Files of `--policy` flags. */
  readonly policyFiles: readonly string[];
  /** Whether nothing is left behind. */
  readonly private: boolean;
  /** The file of `--record`. */
  readonly record?: string;
}

/** What the parser accepts. */
export const CONSENT_OPTIONS: Command["options"] = Object.freeze<Command["options"]>({
  allow: { type: "string", multiple: true },
  policy: { type: "string", multiple: true },
  private: { type: "boolean" },
  record: { type: "string" },
});

/** The same, for people. */
export const CONSENT_HELP: readonly OptionHelp[] = Object.freeze([
  { usage: "--allow DESTINATION", text: "Approve a destination in advance, without a question. May be repeated." },
  { usage: "--policy FILE", text: "Go by the rules of a policy file, too. May be repeated." },
  { usage: "--record FILE", text: "Write what is approved to a new policy file, for review." },
  { usage: "--private", text: "Leave nothing behind that names a destination; nothing is remembered." },
]);

/** Reads them. */
export function consentOptions(args: ParsedArguments): ConsentOptions {
  const record = textOption(args, "record");
  return {
    allow: listOption(args, "allow"),
    policyFiles: listOption(args, "policy"),
    private: flagOption(args, "private"),
    ...(record !== null && { record }),
  };
}
