/** Two ends of a connection between realms, in one realm: messages are copied and arrive later, as between two. */
import type { RealmPort } from "../../permissions/delegation/realm_port.ts";

class MemoryRealmPort implements RealmPort {
  other: MemoryRealmPort | null = null;
  held = 0;
  #closed = false;
  #early: unknown[] = [];
  #message: ((message: unknown) => void) | null = null;
  #onClosed: () => void = () => {};

  post(message: unknown): void {
    const copy = structuredClone(message);
    queueMicrotask(() => {
      if (!this.#closed) this.other?.receive(copy);
    });
  }

  listen(message: (message: unknown) => void, closed: () => void): void {
    this.#message = message;
    for (const early of this.#early.splice(0)) message(early);
    this.#onClosed = closed;
  }

  hold(): () => void {
    this.held++;
    return () => this.held--;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    queueMicrotask(() => this.other?.end());
  }

  receive(message: unknown): void {
    if (this.#message === null) this.#early.push(message);
    else this.#message(message);
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
  }
}

/** One end, with what a test wants to know of it. */
export interface TestRealmPort extends RealmPort {
  /** How often it is held. */
  readonly held: number;
}

/** Makes a connection. */
export function realmPair(): readonly [TestRealmPort, TestRealmPort] {
  const [a, b] = [new MemoryRealmPort(), new MemoryRealmPort()];
  a.other = b;
  b.other = a;
  return [a, b];
}

/** Lets every message that is under way arrive. */
export async function messagesArrive(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
