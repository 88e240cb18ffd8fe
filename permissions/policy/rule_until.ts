/** When a rule ends, as it is written. */

const { UTC } = Date;

const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|([+-])(\d{2}):(\d{2})))?$/;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Reads the end of a rule.
 *
 * @param text A date, which ends with that day in UTC; or a date and time with `Z` or an offset, without which it would mean
 * something else on each machine.
 * @returns ms since 1970, or null when the text is no such date, or one that no calendar has.
 */
export function readUntil(text: string): number | null {
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const number = (index: number): number => Number(parts[index] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const dayMs = UTC(year, month - 1, day);
  // A 30th of February would be one of March.
  const real = year >= 1970 && new Date(dayMs).toISOString().slice(0, 10) === text.slice(0, 10);
  const offset = number(8) * 60 + number(9);
  if (!real || hour > 23 || minute > 59 || second > 59 || number(8) > 23 || number(9) > 59) return null;
  if (parts[4] === undefined) return dayMs + DAY_MS;
  return dayMs + (hour * 60 + minute) * MINUTE_MS + second * 1000 - (parts[7] === "-" ? -offset : offset) * MINUTE_MS;
}
