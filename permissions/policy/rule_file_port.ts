/** The port to the file that learn mode writes (CON-23). */

/** A file of rules in the making. */
export interface RuleFile {
  /**
   * Writes the whole file anew, whole or not at all.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be written, or was there before.
   */
  write(text: string): void;
}
