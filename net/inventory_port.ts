/** What a runtime supplies so that `parley sockets` sees what is open in every process of the user. */

/** What one process showed. */
export interface InventoryReply {
  /** Its process id, as the name of its socket says. */
  readonly pid: number;
  /** The document, not checked yet; or null when it did not give one in time. */
  readonly text: string | null;
}

/** Shows what is open here, and sees what is open elsewhere. */
export interface InventoryExchange {
  /**
   * Shows a document to other processes of the same user, until this one ends. Nothing of them is listened to, nothing is kept
   * open for it, and where it is not possible (no runtime directory, private mode, permissions) nothing is shown. Never throws.
   *
   * @param document Makes the document, for each that asks.
   */
  publish(document: () => string): void;
  /**
   * Asks every process of this user what is open there. Removes what dead ones have left.
   *
   * @throws {ParleyError} `CONFIG_INVALID` where there is no runtime directory to be trusted.
   */
  collect(): Promise<readonly InventoryReply[]>;
}
