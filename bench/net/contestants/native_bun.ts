/** Bun's own calls: `Bun.connect` with its callbacks. */
import type { BenchConnection, Contestant } from "../contestant.ts";
import { Expectation } from "./expectation.ts";

interface BunSocket {
  write(bytes: Uint8Array): number;
  setNoDelay(enable: boolean): boolean;
  end(): void;
}

interface BunGlobal {
  connect(options: Readonly<Record<string, unknown>>): Promise<BunSocket>;
}

const bun = (globalThis as unknown as { readonly Bun: BunGlobal }).Bun;

/** `Bun.connect`. Both ways of reading are its `data` callback. */
export const contestant: Contestant = {
  async open(port) {
    const connection = new BunConnection();
    const socket = await bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        binaryType: "uint8array",
        data: (_socket: BunSocket, chunk: Uint8Array) => connection.expectation.add(chunk.byteLength),
        drain: () => connection.onDrain(),
        close: () => connection.expectation.fail(new RangeError("Cannot go on: the connection ended")),
      },
    });
    socket.setNoDelay(true);
    connection.socket = socket;
    return connection;
  },
};

class BunConnection implements BenchConnection {
  readonly expectation = new Expectation();
  socket!: BunSocket;
  #rest: Uint8Array | null = null;
  #resolve: () => void = () => {};

  send(bytes: Uint8Array): Promise<void> | void {
    const taken = this.socket.write(bytes);
    if (taken === bytes.byteLength) return;
    this.#rest = bytes.subarray(taken);
    return new Promise((resolve) => this.#resolve = resolve);
  }

  onDrain(): void {
    if (this.#rest === null) return;
    this.#rest = this.#rest.subarray(this.socket.write(this.#rest));
    if (this.#rest.byteLength > 0) return;
    this.#rest = null;
    this.#resolve();
  }

  receive(count: number): Promise<void> {
    return this.expectation.expect(count);
  }

  close(): void {
    this.socket.end();
  }
}
