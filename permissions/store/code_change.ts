/** Whether the code that asks is still the code that was approved (CON-18). */
import type { Requester } from "../requester.ts";
import type { ApprovedCode } from "./grant_record.ts";

/**
 * The first file that is another than when the approval was given.
 *
 * @param approved The code as it was.
 * @param requester The code as it is now.
 * @returns The URL of a module, or `the lockfile`; null when nothing changed.
 */
export function changedFile(approved: ApprovedCode, requester: Requester): string | null {
  if (approved.main !== requester.mainSha256) return requester.origin;
  if (approved.lock !== requester.lockSha256) return "the lockfile";
  const before = new Map(approved.modules.map(({ url, sha256 }) => [url, sha256]));
  for (const { url, sha256 } of requester.modules) {
    if (before.get(url) !== sha256) return url;
    before.delete(url);
  }
  const [gone] = before.keys();
  return gone ?? null;
}
