/** `parley doctor`: what on this machine weakens consent, and what keeps it from working. */
import { escapeText } from "../../core/escape.ts";
import { autoHost } from "../../runtime/auto.ts";
import type { Host } from "../../runtime/host.ts";
import type { Command, Invocation } from "../command.ts";
import { flagOption } from "../command.ts";
import { environmentFindings } from "../doctor/environment_checks.ts";
import type { DoctorFinding, DoctorSurroundings, Weight } from "../doctor/finding.ts";
import { stateFindings } from "../doctor/state_checks.ts";
import { terminalFindings } from "../doctor/terminal_checks.ts";
import { wrap } from "../help.ts";
import { asciiJson } from "../messages.ts";
import { createPaint, type Paint } from "../paint.ts";

const CONFIG = 78;

/** The verb. */
export const doctorCommand: Command = Object.freeze({
  name: "doctor",
  summary: "Say what weakens consent on this machine, and what keeps it from working",
  usage: "doctor [OPTIONS]",
  description:
    "Looks at the terminal, the environment, policy files and what is remembered. A warning weakens what Parley holds; a " +
    "problem keeps something from working, and the exit status tells of it. Nothing is changed or opened.",
  options: Object.freeze<Command["options"]>({}),
  help: [],
  examples: ["parley doctor", "parley doctor --json"],
  run: async (invocation: Invocation): Promise<number> => await runDoctor(invocation, await autoHost()),
});

/**
 * Runs the command.
 *
 * @param invocation What was typed.
 * @param host The runtime.
 */
export async function runDoctor(
  { host: command, args }: Invocation,
  host: Pick<Host, "state" | "clock" | "launch" | "terminal" | "name">,
): Promise<number> {
  const terminal = await host.terminal.open();
  terminal?.close();
  const surroundings: DoctorSurroundings = {
    env: (name) => host.launch.env(name),
    initialEnv: (name) => host.launch.initialEnv(name),
    read: (path) => command.readTextFile(path).catch(() => null),
    terminal: terminal !== null,
    injectors: host.terminal.injectors?.() ?? [],
  };
  const findings = [
    ...(await terminalFindings(surroundings)),
    ...environmentFindings(surroundings),
    ...stateFindings(host),
  ];
  const plain = !command.stdoutIsTerminal || Boolean(host.launch.env("NO_COLOR")) || host.launch.env("TERM") === "dumb";
  const text = flagOption(args, "json")
    ? `${asciiJson({ runtime: host.name, findings })}\n`
    : findings.flatMap((one) => lines(one, command.columns(), createPaint(!plain))).map((line) => `${line}\n`).join("");
  await command.writeOut(new TextEncoder().encode(text));
  return findings.some(({ weight }) => weight === "problem") ? CONFIG : 0;
}

const WIDTH = 9;

function lines({ area, weight, text, advice }: DoctorFinding, columns: number, paint: Paint): string[] {
  const room = Math.max(20, Math.min(columns, 100) - WIDTH);
  const [first = "", ...rest] = wrap(escapeText(`${area}: ${text}`, { maxLength: 2_000 }), room);
  const more = advice === null ? [] : wrap(escapeText(`-> ${advice}`, { maxLength: 2_000 }), room);
  const indent = " ".repeat(WIDTH);
  return [
    `${styled(weight, paint)}${first}`,
    ...rest.map((line) => indent + line),
    ...more.map((line) => indent + paint.faint(line)),
  ];
}

function styled(weight: Weight, paint: Paint): string {
  const word = weight.padEnd(WIDTH);
  switch (weight) {
    case "ok":
      return paint.good(word);
    case "note":
      return paint.faint(word);
    default:
      return paint.bad(word);
  }
}
