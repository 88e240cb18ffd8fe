/** Private mode (NET-20): when a program is to leave no trace. */

/** The variable that switches it on. */
export const PRIVATE_VARIABLE = "PARLEY_PRIVATE";

/** Whether the variable's value switches private mode on: anything but the empty text and `0`. */
export function isPrivate(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0";
}
