/** The terminal prompter for a host. The only module here that the rest of Parley needs. */
import type { Clock } from "../../core/clock.ts";
import type { Prompter } from "../prompter.ts";
import type { TerminalBackend } from "./port.ts";
import { TerminalPrompter } from "./terminal_prompter.ts";

export type { TerminalBackend } from "./port.ts";
export { type PromptFacts, TerminalPrompter, type TerminalPrompterInit } from "./terminal_prompter.ts";
export { injectorText, readsTheScreen } from "./injector_text.ts";
export { LiveStatus, type LiveStatusInit, liveText, type LiveUse, type StatusMode, statusMode } from "./live_status.ts";
export { ScriptedTerminal, type ScriptedTerminalOptions } from "./scripted_terminal.ts";

/** What a prompter needs of a host. */
export interface TerminalHost {
  /** Opens the terminal. */
  readonly terminal: TerminalBackend;
  /** Time. */
  readonly clock: Clock;
  /** The environment. */
  readonly launch: {
    /** A variable, or undefined where it is not set or not visible. */
    env(name: string): string | undefined;
  };
}

/** Taken at load, so that code after it cannot choose the words. */
const random = crypto.getRandomValues.bind(crypto);

const prompters: WeakMap<TerminalBackend, TerminalPrompter> = new WeakMap();

/**
 * The prompter at a host's terminal. The same one for the same terminal: two would talk over each other.
 *
 * @param host Terminal, clock and environment.
 * @returns The prompter.
 */
export function createTerminalPrompter(host: TerminalHost): Prompter {
  const known = prompters.get(host.terminal);
  if (known !== undefined) return known;
  const env = (name: string): string | undefined => host.launch.env(name);
  const locale = [env("LC_ALL"), env("LC_CTYPE"), env("LANG")].find((value) => value !== undefined && value !== "");
  const prompter = new TerminalPrompter({
    terminal: host.terminal,
    clock: host.clock,
    random: (length) => random(new Uint8Array(length)),
    facts: {
      noColor: env("NO_COLOR"),
      term: env("TERM"),
      prompt: env("PARLEY_PROMPT"),
      locale,
      ci: env("CI"),
      invocationId: env("INVOCATION_ID"),
    },
  });
  prompters.set(host.terminal, prompter);
  return prompter;
}
