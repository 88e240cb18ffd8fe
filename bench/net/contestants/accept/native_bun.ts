/** Bun's own server: `Bun.listen` with its callbacks. */
import type { ServerContestant } from "../../contestant.ts";

interface BunSocket {
  end(): void;
}

interface BunGlobal {
  listen(options: Readonly<Record<string, unknown>>): { readonly port: number };
}

const bun = (globalThis as unknown as { readonly Bun: BunGlobal }).Bun;

/** `Bun.listen`. */
export const contestant: ServerContestant = {
  serve() {
    const socket = { open: (socket: BunSocket) => socket.end(), data: () => {} };
    return Promise.resolve(bun.listen({ hostname: "127.0.0.1", port: 0, socket }).port);
  },
};
