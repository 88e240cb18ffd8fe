/** Colours for a terminal that wants them. Nothing is said by colour alone. */

/** Styles text. */
export interface Paint {
  /** Headings. */
  strong(text: string): string;
  /** What matters less. */
  faint(text: string): string;
  /** Good news. */
  good(text: string): string;
  /** Bad news. */
  bad(text: string): string;
}

/**
 * Makes the styles.
 *
 * @param enabled Whether the terminal takes colours; see <https://no-color.org>.
 */
export function createPaint(enabled: boolean): Paint {
  const style = (on: number, off: number) => (text: string): string =>
    enabled ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { strong: style(1, 22), faint: style(2, 22), good: style(32, 39), bad: style(31, 39) };
}
