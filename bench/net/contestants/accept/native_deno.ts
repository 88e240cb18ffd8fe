/** Deno's own server: `Deno.listen`, iterated over. */
import type { ServerContestant } from "../../contestant.ts";

/** `Deno.listen`. */
export const contestant: ServerContestant = {
  serve() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    void (async () => {
      for await (const conn of listener) conn.close();
    })();
    return Promise.resolve((listener.addr as Deno.NetAddr).port);
  },
};
