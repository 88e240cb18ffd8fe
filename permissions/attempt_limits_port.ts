/** How the processes of an account count their attempts together. */

/** Counts the attempts of all processes of an account. */
export interface AttemptCounter {
  /**
   * Counts one.
   *
   * @returns About how many there were within a minute, this one included.
   */
  count(): number;
}
