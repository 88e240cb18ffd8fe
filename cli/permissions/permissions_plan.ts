/** What `parley permissions` was asked for. */
import { ParleyError } from "../../core/errors.ts";
import { type FeatureName, FEATURES, isFeatureName } from "../../permissions/feature.ts";
import type { ParsedArguments } from "../../runtime/command.ts";
import { flagOption, textOption } from "../command.ts";

/** One run of the command. */
export interface PermissionsPlan {
  /** What is done. */
  readonly task: "list" | "grant" | "revoke" | "clear" | "export";
  /** What stands after it. */
  readonly operands: readonly string[];
  /** A program's origin or path, as it was typed; or null for all. */
  readonly origin: string | null;
  /** A feature, or null for all. */
  readonly feature: FeatureName | null;
  /** Whether the connection begins without TLS and goes on to it. */
  readonly startTls: boolean;
  /** Whether nobody is asked. */
  readonly force: boolean;
  /** Whether programs read along. */
  readonly json: boolean;
}

interface TaskRow {
  /** How many operands it takes. */
  readonly operands: readonly [least: number, most: number];
  /** What they are. */
  readonly usage: string;
  /** Options that have a meaning for it. */
  readonly options: readonly string[];
}

const TASKS: ReadonlyMap<string, TaskRow> = new Map<PermissionsPlan["task"], TaskRow>([
  ["list", { operands: [0, 0], usage: "list", options: ["origin", "feature"] }],
  ["grant", { operands: [2, 2], usage: "grant PROGRAM DESTINATION", options: ["starttls"] }],
  ["revoke", { operands: [1, Infinity], usage: "revoke ID or DESTINATION ...", options: [] }],
  ["clear", { operands: [0, 0], usage: "clear", options: ["origin", "force"] }],
  ["export", { operands: [0, 0], usage: "export", options: ["origin", "feature"] }],
]);

const OPTIONS = ["origin", "feature", "starttls", "force"] as const;

/**
 * Reads the arguments.
 *
 * @param args What was typed.
 * @throws {ParleyError} `ARG_INVALID`.
 */
export function readPermissionsPlan(args: ParsedArguments): PermissionsPlan {
  const [task = "", ...operands] = args.positionals;
  const row = TASKS.get(task);
  if (row === undefined) throw usage(`say one of ${[...TASKS.keys()].join(", ")}`);
  const [least, most] = row.operands;
  if (operands.length < least || operands.length > most) throw usage(`it is ${row.usage}`);
  for (const name of OPTIONS) {
    if (args.values.has(name) && !row.options.includes(name)) throw usage(`${task} has no --${name}`);
  }
  const feature = textOption(args, "feature");
  if (feature !== null && !isFeatureName(feature)) {
    throw usage(`--feature takes one of ${[...FEATURES.keys()].join(", ")}`);
  }
  return Object.freeze({
    task: task as PermissionsPlan["task"],
    operands,
    origin: textOption(args, "origin"),
    feature,
    startTls: flagOption(args, "starttls"),
    force: flagOption(args, "force"),
    json: flagOption(args, "json"),
  });
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot manage permissions: ${what}; see parley permissions --help`);
}
