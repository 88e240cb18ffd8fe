/** Deno's own web streams: `Deno.Conn.readable` and `.writable`. */
import type { Contestant } from "../contestant.ts";
import { overStreams } from "./streams.ts";

/** `Deno.Conn.readable` and `.writable`. */
export const contestant: Contestant = {
  async open(port, reading) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    const { readable, writable } = conn;
    return overStreams({ readable, writable, close: () => conn.close() }, reading);
  },
};
