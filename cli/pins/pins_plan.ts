/** What `parley pins` was asked for. */
import { type Destination, parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { STARTTLS_PROTOCOLS, type StartTlsProtocol } from "../../net/above/starttls/negotiate.ts";
import { readFingerprint } from "../../permissions/pins/fingerprint.ts";
import type { ParsedArguments } from "../../runtime/command.ts";
import { flagOption, textOption } from "../command.ts";

/** One run of the command. */
export interface PinsPlan {
  /** What is done. */
  readonly task: "list" | "show" | "replace" | "remove";
  /** Where, for all but a list. */
  readonly destination: Destination | null;
  /** The only key to be taken, lower-case hex; null to have the operator asked. */
  readonly fingerprint: string | null;
  /** The protocol that is spoken up to its upgrade to TLS, or null. */
  readonly starttls: StartTlsProtocol | null;
  /** Whether programs read along. */
  readonly json: boolean;
}

interface TaskRow {
  readonly operands: number;
  readonly usage: string;
  readonly options: readonly string[];
}

const TASKS: ReadonlyMap<string, TaskRow> = new Map<PinsPlan["task"], TaskRow>([
  ["list", { operands: 0, usage: "list", options: [] }],
  ["show", { operands: 1, usage: "show HOST:PORT", options: [] }],
  ["replace", { operands: 1, usage: "replace HOST:PORT", options: ["fingerprint", "starttls"] }],
  ["remove", { operands: 1, usage: "remove HOST:PORT", options: [] }],
]);

const OPTIONS = ["fingerprint", "starttls"] as const;

/**
 * Reads the arguments.
 *
 * @param args What was typed.
 * @throws {ParleyError} `ARG_INVALID`, `DEST_SYNTAX` or `DEST_HOST`.
 */
export function readPinsPlan(args: ParsedArguments): PinsPlan {
  const [task = "", ...operands] = args.positionals;
  const row = TASKS.get(task);
  if (row === undefined) throw usage(`say one of ${[...TASKS.keys()].join(", ")}`);
  if (operands.length !== row.operands) throw usage(`it is ${row.usage}`);
  for (const name of OPTIONS) {
    if (args.values.has(name) && !row.options.includes(name)) throw usage(`${task} has no --${name}`);
  }
  const [place] = operands;
  return Object.freeze({
    task: task as PinsPlan["task"],
    destination: place === undefined ? null : toDestination(place),
    fingerprint: toFingerprint(textOption(args, "fingerprint")),
    starttls: toProtocol(textOption(args, "starttls")),
    json: flagOption(args, "json"),
  });
}

function toDestination(text: string): Destination {
  const destination = parseDestination(text);
  if (destination.scheme !== "tcp" && destination.scheme !== "tls") throw usage(`${destination.scheme}:// has no pins`);
  if (destination.spki !== null) throw usage("the key is given with --fingerprint");
  return destination;
}

function toFingerprint(text: string | null): string | null {
  if (text === null) return null;
  const fingerprint = readFingerprint(text);
  if (fingerprint === null) throw usage("--fingerprint takes a SHA-256: 64 hexadecimal digits");
  return fingerprint;
}

function toProtocol(text: string | null): StartTlsProtocol | null {
  if (text === null) return null;
  const protocol = STARTTLS_PROTOCOLS.find((name) => name === text);
  if (protocol === undefined) throw usage(`--starttls takes one of ${STARTTLS_PROTOCOLS.join(", ")}`);
  return protocol;
}

function usage(what: string): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot manage pins: ${what}; see parley pins --help`);
}
