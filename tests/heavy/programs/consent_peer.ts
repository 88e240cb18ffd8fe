/** A server that takes connections, keeps them, and says nothing: one that a program can be seen to lose. */
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** The server. Dispose of it: that ends its connections. */
export interface ConsentPeer extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** How many connections it took so far. */
  readonly taken: number;
  /** Waits until it has taken so many. */
  hasTaken(count: number): Promise<void>;
  /** Waits until none of its connections is open. */
  empty(): Promise<void>;
}

/** Starts a server on 127.0.0.1. */
export async function startConsentPeer(): Promise<ConsentPeer> {
  const open = new Set<Socket>();
  let taken = 0;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => void waiting.add(resolve));
  };
  const server = createServer((socket) => {
    taken++;
    open.add(socket);
    wake();
    socket.on("error", () => {}).resume().on("close", () => {
      open.delete(socket);
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get taken(): number {
      return taken;
    },
    hasTaken: (count) => until(() => taken >= count),
    empty: () => until(() => open.size === 0),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
