/** How the framing streams read their options. */
import { member } from "../../../core/dictionary.ts";

/** The most that any limit may be: what fits into memory that all three runtimes can give in one piece. */
const LARGEST_LIMIT = 0x7fff_ffff;

/**
 * Reads `maxBytes`. There is no way to have no limit.
 *
 * @param options What the program passed.
 * @param otherwise The default.
 * @throws {RangeError} When it is not a whole number from 1 to 2147483647.
 */
export function readMaxBytes(options: unknown, otherwise: number): number {
  const value = member(options, "maxBytes");
  if (value === undefined) return otherwise;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LARGEST_LIMIT) return value as number;
  throw new RangeError(`Cannot limit frames: maxBytes is not a whole number from 1 to ${LARGEST_LIMIT}`);
}

/**
 * Reads a switch.
 *
 * @param options What the program passed.
 * @param name The option's name.
 * @param otherwise The default.
 */
export function readFlag(options: unknown, name: string, otherwise: boolean): boolean {
  const value = member(options, name);
  return value === undefined ? otherwise : Boolean(value);
}
