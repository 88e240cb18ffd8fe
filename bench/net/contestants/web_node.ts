/** Node's adapter from `node:net` to web streams, on Node and on Bun (which has none for `Bun.connect`). */
import { Readable, Writable } from "node:stream";
import type { Contestant } from "../contestant.ts";
import { openSocket } from "./native_node.ts";
import { overStreams } from "./streams.ts";

type ToWeb = (stream: Readable, options?: { readonly type: "bytes" }) => ReadableStream<Uint8Array>;

/** `Readable.toWeb` (as a byte stream where a BYOB reader is wanted) and `Writable.toWeb`. */
export const contestant: Contestant = {
  async open(port, reading) {
    const socket = await openSocket(port);
    // What closing the socket does to the locked streams is nobody's concern here.
    socket.on("error", () => {});
    const toWeb = Readable.toWeb as unknown as ToWeb;
    const readable = reading === "buffer" ? toWeb(socket, { type: "bytes" }) : toWeb(socket);
    const writable = Writable.toWeb(socket) as WritableStream<Uint8Array<ArrayBuffer>>;
    return overStreams({ readable, writable, close: () => void socket.destroy() }, reading);
  },
};
