/**
 * The title of the terminal's window, through standard error. The title that was there is saved and put back with the
 * xterm sequences that all terminals named here know or skip; one that is not named keeps its title.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";

const STDERR = 2;
const TITLED = /^(xterm|screen|tmux|rxvt|alacritty|foot|kitty|konsole|vte|st|wezterm|ghostty)([-.+]|$)/;
const SAVE = "\x1b[22;0t";
const RESTORE = "\x1b[23;0t";

let shown = false;

/**
 * Shows a title, or puts back the one that was there. Never throws.
 *
 * @param text The title, escaped; null to put back.
 */
export function showTitle(text: string | null): void {
  if (text === null) return putBack();
  if (!hasTitle() || !write(`${shown ? "" : SAVE}\x1b]2;${text}\x1b\\`) || shown) return;
  shown = true;
  process.on("exit", putBack);
}

function putBack(): void {
  if (!shown) return;
  shown = false;
  process.off("exit", putBack);
  write(RESTORE);
}

function hasTitle(): boolean {
  try {
    return TITLED.test(process.env["TERM"] ?? "") && isatty(STDERR);
  } catch {
    return false;
  }
}

function write(text: string): boolean {
  try {
    writeSync(STDERR, text);
    return true;
  } catch {
    return false;
  }
}
