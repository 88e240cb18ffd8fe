/** Parley's datagrams as a program uses them: `openUDPSocket` of the public entry, approved by PARLEY_ALLOW. */
import { openUDPSocket, type UDPSocket } from "../../../../mod.ts";
import type { BenchDatagrams, DatagramContestant } from "../../contestant.ts";

/** `openUDPSocket`: `send()` and iteration, or `readable` and `writable`. */
export const contestant: DatagramContestant = {
  async open(port, way, onDatagram) {
    const socket = await openUDPSocket({ remoteAddress: "127.0.0.1", remotePort: port });
    return way === "calls" ? byCalls(socket, onDatagram) : byStreams(socket, onDatagram);
  },
};

function byCalls(socket: UDPSocket, onDatagram: (byteLength: number) => void): BenchDatagrams {
  void (async () => {
    for await (const [, blob] of socket) onDatagram(blob.size);
  })();
  return {
    async send(bytes, count) {
      const sends: Promise<void>[] = [];
      for (let sent = 0; sent < count; sent++) sends.push(socket.send(bytes));
      await Promise.all(sends);
    },
  };
}

function byStreams(socket: UDPSocket, onDatagram: (byteLength: number) => void): BenchDatagrams {
  void (async () => {
    for await (const { data } of socket.readable) onDatagram((data as Uint8Array).byteLength);
  })();
  const writer = socket.writable.getWriter();
  return {
    async send(bytes, count) {
      const writes: Promise<void>[] = [];
      for (let sent = 0; sent < count; sent++) writes.push(writer.write({ data: bytes }));
      await Promise.all(writes);
    },
  };
}
