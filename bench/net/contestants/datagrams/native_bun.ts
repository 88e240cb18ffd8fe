/** Bun's own datagrams: `Bun.udpSocket`, whose `send` says whether the system took it. */
import type { BenchDatagrams, DatagramContestant } from "../../contestant.ts";

interface BunUdpSocket {
  send(bytes: Uint8Array): boolean;
}

interface BunGlobal {
  udpSocket(options: Readonly<Record<string, unknown>>): Promise<BunUdpSocket>;
}

const bun = (globalThis as unknown as { readonly Bun: BunGlobal }).Bun;

/** `Bun.udpSocket`, connected. It has no streams. */
export const contestant: DatagramContestant = {
  async open(port, _way, onDatagram) {
    const datagrams = new BunDatagrams();
    datagrams.socket = await bun.udpSocket({
      connect: { hostname: "127.0.0.1", port },
      binaryType: "uint8array",
      socket: {
        data: (_socket: BunUdpSocket, bytes: Uint8Array) => onDatagram(bytes.byteLength),
        drain: () => datagrams.onDrain(),
      },
    });
    return datagrams;
  },
};

class BunDatagrams implements BenchDatagrams {
  socket!: BunUdpSocket;
  onDrain: () => void = () => {};

  async send(bytes: Uint8Array, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      while (!this.socket.send(bytes)) await new Promise<void>((resolve) => this.onDrain = resolve);
    }
  }
}
