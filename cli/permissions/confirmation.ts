/** A plain yes-or-no question at the terminal, for what the operator does to their own records. */
import { ParleyError } from "../../core/errors.ts";
import type { TerminalBackend } from "../../permissions/terminal/port.ts";

const QUIET_MS = 100;
const LIMIT_MS = 2000;
const MAX_BYTES = 64;

/**
 * Asks. What was typed before does not count, and everything but a yes is a no.
 *
 * @param terminal The terminal.
 * @param question The question, escaped.
 * @param signal Withdraws it.
 * @returns The answer; null where there is no terminal.
 * @throws {ParleyError} `TTY_UNAVAILABLE` while another program asks there.
 */
export async function confirmed(
  terminal: TerminalBackend,
  question: string,
  signal: AbortSignal,
): Promise<boolean | null> {
  const open = await terminal.open();
  if (open === null) return null;
  try {
    if (!open.reserve()) {
      throw new ParleyError("TTY_UNAVAILABLE", "Cannot ask: another program's question stands at the terminal");
    }
    const { outcome } = await open.drain({ quietMs: QUIET_MS, limitMs: LIMIT_MS, signal });
    if (outcome !== "quiet") return false;
    open.write(`${question} [y/N] `);
    const line = await open.readLine({ maxBytes: MAX_BYTES, signal });
    return typeof line !== "string" && !line.cut && !line.more && /^y(?:es)?$/i.test(line.text.trim());
  } finally {
    open.close();
  }
}
