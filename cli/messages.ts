/** What a verb says on standard error: lines for people, or with `--json` one object a line. Everything is escaped. */
import { escapeText } from "../core/escape.ts";
import type { CommandHost } from "../runtime/command.ts";
import { explain, type Failure } from "./exit_codes.ts";

/** An event for programs that read standard error. */
export type Event = Readonly<Record<string, unknown>> & { readonly event: string };

/** Where messages go. */
export interface Messages {
  /** A line that Parley has for the operator, escaped already. */
  report(line: string): void;
  /** Something that happened: `line` for people (null for nothing), `event` for programs. */
  tell(event: Event, line: string | null): void;
  /** A failure, with what can be done about it. Returns the exit status. */
  fail(error: unknown): number;
}

/**
 * Makes the messages of one run.
 *
 * @param host The surroundings.
 * @param json Whether programs read along.
 */
export function createMessages(host: CommandHost, json: boolean): Messages {
  const write = (line: string): void => host.writeError(`${line}\n`);
  const writeEvent = (event: Event): void => write(asciiJson(event));
  let lastReport = "";
  return Object.freeze({
    report(line: string): void {
      lastReport = line;
      if (json) writeEvent({ event: "report", line });
      else write(line);
    },
    tell(event: Event, line: string | null): void {
      if (json) writeEvent(event);
      else if (line !== null) write(line);
    },
    fail(error: unknown): number {
      const failure = explain(error);
      if (json) writeEvent({ event: "error", ...failure });
      else failureLines(failure, lastReport).forEach(write);
      return failure.status;
    },
  });
}

/** What the operator's line said just before is not said twice. */
function failureLines({ code, message, remedy }: Failure, lastReport: string): string[] {
  const text = `${escapeText(message)} [${code}]`;
  const lines = lastReport.endsWith(text) ? [] : [`parley: ${text}`];
  return remedy === null ? lines : [...lines, `        ${remedy}`];
}

/** JSON whose text is ASCII, so that nothing in it can act on a terminal. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
