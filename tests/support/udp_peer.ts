/** A real datagram socket of another program, by Python: it notes what comes, and sends what it is told to. */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { type RecordPattern, RecordProcess } from "./record_process.ts";

const PYTHON = "/usr/bin/python3";
const PROGRAM = fileURLToPath(new URL("./udp_peer.py", import.meta.url));

/** How the socket is to be. */
export interface UdpPeerOptions {
  /** Where it is bound. Default `127.0.0.1`. */
  readonly address?: string;
  /** A group that it joins on the loopback interface. */
  readonly group?: string;
  /** Whether it sends back what comes. */
  readonly echoes?: boolean;
}

/** What came. */
export interface PeerDatagram {
  /** Address of the sender. */
  readonly from: string;
  /** Port of the sender. */
  readonly port: number;
  /** The bytes, one character each. */
  readonly text: string;
}

/** The socket. Dispose of it: that ends the program. */
export class UdpPeer implements AsyncDisposable {
  /** Its port. */
  readonly port: number;
  readonly #process: RecordProcess;
  #sends = 0;

  constructor(process: RecordProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Starts the program; the socket is bound when this resolves. */
  static async start({ address = "127.0.0.1", group, echoes = false }: UdpPeerOptions = {}): Promise<UdpPeer> {
    const process = new RecordProcess([PYTHON, PROGRAM, address, ...(group === undefined ? [] : [group, "127.0.0.1"])]);
    try {
      const { record } = await process.record({ event: "ready" });
      if (echoes) {
        process.send(JSON.stringify({ echo: true }));
        await process.record({ event: "echoes" });
      }
      return new UdpPeer(process, Number(record["port"]));
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Everything that came, in order. */
  get received(): readonly PeerDatagram[] {
    return this.#process.records.filter(({ record }) => record["event"] === "datagram").map(({ record }) =>
      toDatagram(record)
    );
  }

  /** Waits for a datagram with this text. */
  async datagram(text: string, from: RecordPattern = {}): Promise<PeerDatagram> {
    const hex = Buffer.from(text, "latin1").toString("hex");
    return toDatagram((await this.#process.record({ event: "datagram", hex, ...from })).record);
  }

  /** Sends a text to a port of this machine, or to an address. On this machine it has arrived when this resolves. */
  async send(text: string, to: { readonly port: number; readonly address?: string }): Promise<void> {
    const { port, address = "127.0.0.1" } = to;
    const id = ++this.#sends;
    this.#process.send(JSON.stringify({ to: [address, port], hex: Buffer.from(text, "latin1").toString("hex"), id }));
    await this.#process.record({ event: "sent", id });
  }

  /** Ends the program. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

function toDatagram(record: RecordPattern): PeerDatagram {
  const text = Buffer.from(String(record["hex"]), "hex").toString("latin1");
  return { from: String(record["from"]), port: Number(record["port"]), text };
}
