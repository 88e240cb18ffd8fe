/** What `parley policy` was asked for. */
import { ParleyError } from "../../core/errors.ts";
import type { RuleAuthor } from "../../permissions/rule.ts";
import type { ParsedArguments } from "../../runtime/command.ts";
import { flagOption, listOption, textOption } from "../command.ts";

/** One run of the command. */
export interface PolicyPlan {
  /** What is done. */
  readonly task: "check" | "explain" | "show";
  /** What stands after it. */
  readonly operands: readonly string[];
  /** The program whose request is explained; or null for one that no rule names. */
  readonly origin: string | null;
  /** Whether the connection begins without TLS and goes on to it. */
  readonly startTls: boolean;
  /** With whose authority files are checked. */
  readonly author: RuleAuthor;
  /** Files of `--policy` flags. */
  readonly files: readonly string[];
  /** Whether programs read along. */
  readonly json: boolean;
}

const OPTIONS: ReadonlyMap<PolicyPlan["task"], readonly string[]> = new Map([
  ["check", ["managed", "policy"]],
  ["explain", ["origin", "starttls", "policy"]],
  ["show", ["policy"]],
]);
const ALL = ["managed", "origin", "starttls", "policy"] as const;

/**
 * Reads the arguments.
 *
 * @param args What was typed.
 * @throws {ParleyError} `ARG_INVALID`.
 */
export function readPolicyPlan(args: ParsedArguments): PolicyPlan {
  const [word = "", ...operands] = args.positionals;
  const task = [...OPTIONS.keys()].find((name) => name === word);
  if (task === undefined) throw usage(`say one of ${[...OPTIONS.keys()].join(", ")}`);
  if (task === "explain" && operands.length !== 1) throw usage("it is explain DESTINATION");
  if (task === "show" && operands.length > 0) throw usage("show takes nothing");
  for (const name of ALL) {
    if (args.values.has(name) && !OPTIONS.get(task)?.includes(name)) throw usage(`${task} has no --${name}`);
  }
  return {
    task,
    operands,
    origin: textOption(args, "origin"),
    startTls: flagOption(args, "starttls"),
    author: flagOption(args, "managed") ? "managed" : "operator",
    files: listOption(args, "policy"),
    json: flagOption(args, "json"),
  };
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot look at policies: ${what}; see parley policy --help`);
}
