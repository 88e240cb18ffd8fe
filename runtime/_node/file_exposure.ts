/**
 * Who besides the operator and the system can change a file: by its own mode and owner, or those of a directory above it,
 * as ssh looks at its keys (NET-16). `node:fs`, because no runtime but Deno has another way.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Exposure } from "../../permissions/trust/program_port.ts";
import { isSubordinateOfOthers } from "./subordinate_users.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { readFileSync, realpathSync, statSync } = fs;
const { dirname } = path;

const SYSTEM = 0;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** Linux shows users without a place in the namespace as this one. */
const OVERFLOW = 65534;
const STICKY = 0o1000;
/** Users that come and go without a line in /etc/passwd. */
const ACCOUNTS_MADE_BY_SYSTEMD = { from: 60_000, to: 65_535 };
/** Where accounts come from that are all in /etc/passwd, those above apart. */
const LOCAL_SOURCES: ReadonlySet<string> = new Set(["files", "compat", "systemd"]);
const MAX_DEPTH = 64;

/** What the look at files depends on. */
export interface ExposureFacts {
  /** The user of this process; null where that is not known, and then owners and groups are not judged. */
  readonly uid: number | null;
  /** What {@linkcode unmappedUser} says, or null where that is not known. */
  readonly unmappedUid: number | null;
  /** Whether the runtime lets a path be looked at without asking anybody. */
  mayRead(path: string): boolean;
}

/**
 * Makes the look at files. What it saw of a directory it does not look at again.
 *
 * @param facts What it depends on.
 */
export function exposureFinder(facts: ExposureFacts): (url: string) => Exposure | null {
  const seen = new Map<string, Exposure | null>();
  const groups = new Map<number, boolean>();
  const isPrivate = (gid: number): boolean => {
    const known = groups.get(gid) ?? isPrivateGroup(gid, facts);
    groups.set(gid, known);
    return known;
  };
  const look = (file: string, depth: number): Exposure | null => {
    const known = seen.get(file);
    if (known !== undefined) return known;
    const own = facts.mayRead(file) ? judge(file, { ...facts, isPrivate }) : null;
    const parent = dirname(file);
    const found = own ?? (parent === file || depth >= MAX_DEPTH ? null : look(parent, depth + 1));
    seen.set(file, found);
    return found;
  };
  return (url) => {
    try {
      const named = fileURLToPath(url);
      return facts.mayRead(named) ? look(realpathSync(named), 0) : null;
    } catch {
      return null;
    }
  };
}

function judge(
  file: string,
  { uid, unmappedUid, isPrivate }: ExposureFacts & { readonly isPrivate: (gid: number) => boolean },
): Exposure | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const { mode, uid: owner, gid } = stats;
  const finding = (reason: Exposure["reason"]): Exposure => Object.freeze({ path: file, reason });
  // In a sticky directory nobody can exchange what belongs to somebody else.
  const sticky = stats.isDirectory() && (mode & STICKY) !== 0;
  if ((mode & OTHERS_WRITE) !== 0 && !sticky) return finding("world-writable");
  if (uid === null) return null;
  if (owner !== SYSTEM && owner !== uid && owner !== unmappedUid && !isNobody(owner, uid)) {
    return finding("foreign-owner");
  }
  return (mode & GROUP_WRITES) !== 0 && !sticky && !isPrivate(gid) ? finding("group-writable") : null;
}

/**
 * Whether a user id is nobody's on this machine, as of files that a container got from outside: no account has it, and none
 * can come from a directory service. What is not certain is somebody.
 */
function isNobody(id: number, uid: number): boolean {
  if (id >= ACCOUNTS_MADE_BY_SYSTEMD.from && id <= ACCOUNTS_MADE_BY_SYSTEMD.to) return false;
  const accounts = rowsOf("/etc/passwd");
  if (accounts.length === 0 || accounts.some(([, , known]) => known === String(id))) return false;
  if (isSubordinateOfOthers(id, uid, { subuid: rowsOf("/etc/subuid"), passwd: accounts })) return false;
  const sources = rowsOf("/etc/nsswitch.conf", /\s+/).find(([name]) => name === "passwd:")?.slice(1) ?? ["files"];
  return sources.every((source) => LOCAL_SOURCES.has(source));
}

/** Whether a group has no member but the user and the system. Many systems give each user such a group. */
function isPrivateGroup(gid: number, { uid, mayRead }: ExposureFacts): boolean {
  if (uid === null) return true;
  if (!mayRead("/etc/group") || !mayRead("/etc/passwd")) return gid === uid;
  const users = rowsOf("/etc/passwd");
  const trusted = new Set([uid, SYSTEM].map(String));
  const names = new Set(users.filter(([, , id = ""]) => trusted.has(id)).map(([name]) => name));
  if (users.some(([, , id = "", group]) => group === String(gid) && !trusted.has(id))) return false;
  const group = rowsOf("/etc/group").find(([, , id]) => id === String(gid));
  // A group that the file does not know comes from a directory service, where members cannot be listed.
  if (group === undefined) return gid === uid;
  return (group[3] ?? "").split(",").every((member) => member === "" || names.has(member));
}

/**
 * The user id that stands for all users whom a user namespace does not know, the system's owner among them: within a sandbox
 * it cannot be told whose such a file is. Null outside of one.
 */
export function unmappedUser(): number | null {
  const known = rowsOf("/proc/self/uid_map", /\s+/).some(([from, , count]) =>
    Number(from) <= OVERFLOW && OVERFLOW < Number(from) + Number(count)
  );
  return known ? null : OVERFLOW;
}

function rowsOf(file: string, separator: string | RegExp = ":"): readonly (readonly string[])[] {
  try {
    return readFileSync(file, "utf8").split("\n").map((line) => line.trim().split(separator));
  } catch {
    return [];
  }
}
