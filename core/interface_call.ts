/** What calls of an interface's members have in common, as Web IDL has it. */

/**
 * Refuses a call with too few arguments (DS-02).
 *
 * @param given How many there are.
 * @param call How many are needed, and what the call does, for the message: `construct a TCPSocket`.
 * @throws {TypeError} When there are fewer.
 */
export function requireArguments(
  given: number,
  { needed, deed }: { readonly needed: number; readonly deed: string },
): void {
  if (given >= needed) return;
  const count = needed === 1 ? "1 argument is" : `${needed} arguments are`;
  throw new TypeError(`Cannot ${deed}: ${count} needed, and there are ${given}`);
}
