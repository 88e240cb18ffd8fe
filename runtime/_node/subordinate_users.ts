/**
 * User ids that an account may hand to the containers it starts (`subuid(5)`): nobody's by `/etc/passwd`, and yet files that
 * belong to one of them can be changed by the account at any time.
 */

/** A line of `/etc/subuid`, or of `/etc/passwd`, cut at its colons. */
export type AccountRow = readonly string[];

/**
 * Whether a user id is at the command of somebody else.
 *
 * @param id The user id.
 * @param uid The user of this process, whose own containers are no matter.
 * @param files The lines of `/etc/subuid` and `/etc/passwd`.
 */
export function isSubordinateOfOthers(
  id: number,
  uid: number,
  { subuid, passwd }: { readonly subuid: readonly AccountRow[]; readonly passwd: readonly AccountRow[] },
): boolean {
  const own = new Set([String(uid), ...passwd.filter(([, , known]) => known === String(uid)).map(([name]) => name)]);
  return subuid.some(([owner, from, count]) => {
    const first = Number(from);
    return !own.has(owner) && id >= first && id < first + Number(count);
  });
}
