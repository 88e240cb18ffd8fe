/**
 * Reads values of a device by SNMP with a client from npm, net-snmp, whose datagrams go over Parley's socket:
 * `PARLEY_ALLOW=udp://192.168.1.2:161 bun examples/snmp_get.ts 192.168.1.2 161 public 1.3.6.1.2.1.1.1.0`
 */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import process from "node:process";
import snmp from "net-snmp";
import { openUDPSocket, type UDPSocket } from "@parley/parley";

const [host = "192.168.1.2", port = "161", community = "public", ...oids] = process.argv.slice(2);
const SYSTEM_DESCRIPTION = "1.3.6.1.2.1.1.1.0";
const SYSTEM_NAME = "1.3.6.1.2.1.1.5.0";

/** The part of a `node:dgram` socket that net-snmp uses. It opens with the first datagram, to the one peer of a session. */
class SessionSocket extends EventEmitter {
  #socket: Promise<UDPSocket> | null = null;

  async send(data: Buffer, ...rest: SendArguments): Promise<void> {
    const [offset, length, remotePort, remoteAddress, sent] = rest;
    try {
      const socket = await (this.#socket ??= this.#open({ remoteAddress, remotePort }));
      await socket.send(new Uint8Array(data.subarray(offset, offset + length)));
      sent(null);
    } catch (error) {
      sent(error); // refused by the operator, for instance
    }
  }

  async close(): Promise<void> {
    await (await this.#socket)?.close();
    this.emit("close");
  }

  ref(): void {}
  unref(): void {}

  async #open(where: { readonly remoteAddress: string; readonly remotePort: number }): Promise<UDPSocket> {
    const socket = await openUDPSocket(where);
    void this.#listen(socket);
    return socket;
  }

  async #listen(socket: UDPSocket): Promise<void> {
    for await (const [{ remoteAddress: address, remotePort: port }, datagram] of socket) {
      this.emit("message", Buffer.from(await datagram.arrayBuffer()), { address, port });
    }
  }
}

type SendArguments = [offset: number, length: number, port: number, host: string, sent: (error: unknown) => void];

const session = snmp.createSession(host, community, {
  version: snmp.Version2c,
  port: Number(port),
  timeout: 2_000,
  retries: 2,
  dgramModule: { createSocket: () => new SessionSocket() },
});
try {
  const wanted = oids.length > 0 ? oids : [SYSTEM_DESCRIPTION, SYSTEM_NAME];
  const values = await new Promise<snmp.Varbind[]>((resolve, reject) => {
    session.get(wanted, (error, found = []) => error === null ? resolve(found) : reject(error));
  });
  for (const each of values) {
    console.log(`${each.oid} = ${snmp.isVarbindError(each) ? snmp.varbindError(each) : each.value}`);
  }
} finally {
  session.close();
}
