/**
 * The port to a directory of small records, one file each, that nobody but the user can reach into: remembered answers and
 * pinned keys. A record is written whole or not at all, so there is no lock, and changes by several processes lose nothing.
 */

/** Whose records. Each kind has a directory of its own. */
export type RecordFolder = "grants" | "pins";

/** What stands under a name. */
export type StoredRecord =
  | {
    /** Its name. */
    readonly name: string;
    /** Its text. */
    readonly text: string;
    /** When it was put or last touched, in ms since 1970 by the clock of whoever did. */
    readonly touchedMs: number;
    /** None. */
    readonly problem: null;
  }
  | {
    /** Its name. */
    readonly name: string;
    /** What is there is not to be trusted, or cannot be read. */
    readonly text: null;
    /** Nothing that counts. */
    readonly touchedMs: 0;
    /** What is wrong with it, in words for the operator, unescaped. */
    readonly problem: string;
  };

/** A directory of records. Everything is synchronous but for `watch`. */
export interface RecordDirectory {
  /** Where it is, whether it exists or not; null where there is no place for it. */
  readonly path: string | null;
  /**
   * Why nothing can be kept, in words for the operator; null when something can. Looks, and changes nothing: the directory
   * is made when the first record is put.
   */
  obstacle(): string | null;
  /** The name of the record that is about a key: SHA-256 in lower-case hex. */
  nameOf(key: string): string;
  /** Every record. Of a directory that others can reach into, every name with the problem. Never throws. */
  load(): readonly StoredRecord[];
  /** One record as it is now; null when there is none. Never throws. */
  read(name: string): StoredRecord | null;
  /**
   * Writes a record, instead of one with the same name. It is on the disk when this returns.
   *
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be written.
   */
  put(name: string, text: string): void;
  /**
   * Removes a record.
   *
   * @param name Its name.
   * @param text Removes it only if that is what it says: not what another process has put there since. Whatever is there
   * when omitted.
   * @returns Whether it did.
   * @throws {ParleyError} `CONFIG_INVALID` when it cannot be removed.
   */
  remove(name: string, text?: string): boolean;
  /**
   * Notes that a record was used. It neither writes the record nor brings back one that was removed meanwhile.
   *
   * @param name Its name.
   * @param how What it says, and when it was used, in ms since 1970.
   * @returns False when it says something else by now, is not there, or the time could not be noted. Never throws.
   */
  touch(name: string, how: { readonly text: string; readonly atMs: number }): boolean;
  /**
   * Tells of records that were put, touched or removed, by this process or another. Does not hold the process open.
   *
   * @param callback Gets the names, or null when any may have changed.
   * @returns The way to stop it.
   */
  watch(callback: (names: readonly string[] | null) => void): () => void;
}
