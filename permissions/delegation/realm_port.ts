/** How the main realm and a Worker talk to each other: what a runtime supplies for it. */

/** One end of a connection between two realms. Messages arrive whole and in order, as copies. */
export interface RealmPort {
  /** Sends a message. Does nothing once the connection is closed. Never throws. */
  post(message: unknown): void;
  /**
   * Begins to receive, with what came before. Called once.
   *
   * @param message Told of each message.
   * @param closed Told once that the other realm is gone, or has closed its end.
   */
  listen(message: (message: unknown) => void, closed: () => void): void;
  /**
   * Keeps this realm alive while an answer is awaited. Otherwise the connection keeps nothing alive.
   *
   * @returns The way to let it go.
   */
  hold(): () => void;
  /** Closes the connection for both. */
  close(): void;
}

/** Hands connections from the main realm to Workers. */
export interface RealmBackend {
  /**
   * In the main realm: connects to a Worker.
   *
   * @param worker The Worker: one of the web's kind, or of `node:worker_threads`.
   * @throws {TypeError} When it is none.
   */
  connect(worker: unknown): RealmPort;
  /**
   * In a Worker: the connection that the main realm made. Waits a second from the start of the Worker at most.
   *
   * @returns Null where there is none (yet).
   */
  accept(): Promise<RealmPort | null>;
}
