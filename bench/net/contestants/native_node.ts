/** `node:net`, the way Node programs use it: `data` events, and `drain` when `write` says that it is full. */
import { connect, type Socket } from "node:net";
import type { Contestant } from "../contestant.ts";
import { Expectation } from "./expectation.ts";

/** A connected socket of `node:net`. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

/** `node:net`. Both ways of reading are `data` events. */
export const contestant: Contestant = {
  async open(port) {
    const socket = await openSocket(port);
    const expectation = new Expectation();
    socket.on("data", (chunk: Uint8Array) => expectation.add(chunk.byteLength));
    socket.on("close", () => expectation.fail(new RangeError("Cannot go on: the connection ended")));
    return {
      send(bytes) {
        if (!socket.write(bytes)) return new Promise((resolve) => socket.once("drain", resolve));
      },
      receive: (count) => expectation.expect(count),
      close: () => void socket.destroy(),
    };
  },
};
