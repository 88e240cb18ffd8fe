/** `node:dgram`: `message` events, and `send` with a callback. */
import { createSocket } from "node:dgram";
import type { DatagramContestant } from "../../contestant.ts";

/** A connected socket of `node:dgram`. It has no streams. */
export const contestant: DatagramContestant = {
  async open(port, _way, onDatagram) {
    const socket = createSocket("udp4");
    socket.on("message", (bytes: Uint8Array) => onDatagram(bytes.byteLength));
    await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", () => resolve()));
    return {
      send: (bytes, count) =>
        new Promise((resolve, reject) => {
          let taken = 0;
          const done = (error: Error | null): void => {
            if (error !== null && error !== undefined) reject(error);
            else if (++taken === count) resolve();
          };
          for (let sent = 0; sent < count; sent++) socket.send(bytes, done);
        }),
    };
  },
};
