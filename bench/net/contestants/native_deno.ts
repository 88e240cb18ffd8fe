/** Deno's own calls: `Deno.connect`, `read` and `write`. */
import { CHUNK_BYTES, type Contestant, requireExactly } from "../contestant.ts";

/** `Deno.Conn`, read into one buffer again and again, or into a new one each time. */
export const contestant: Contestant = {
  async open(port, reading) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    const same = new Uint8Array(CHUNK_BYTES);
    return {
      async send(bytes) {
        for (let sent = 0; sent < bytes.byteLength;) {
          sent += await conn.write(sent === 0 ? bytes : bytes.subarray(sent));
        }
      },
      async receive(count) {
        let received = 0;
        while (received < count) {
          const got = await conn.read(reading === "buffer" ? same : new Uint8Array(CHUNK_BYTES));
          if (got === null) break;
          received += got;
        }
        requireExactly(received, count);
      },
      close: () => conn.close(),
    };
  },
};
