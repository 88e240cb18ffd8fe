/** A relay for datagrams that loses the first of them, as networks do. */
import { createSocket, type RemoteInfo } from "node:dgram";

/** A relay. */
export interface LossyRelay extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** What the client sent, in order, the lost one included. */
  readonly sent: readonly Uint8Array[];
}

/**
 * Starts a relay for one client, and loses the client's first datagram.
 *
 * @param to Port of the server on 127.0.0.1.
 */
export async function startLossyRelay(to: number): Promise<LossyRelay> {
  const [near, far] = [createSocket("udp4"), createSocket("udp4")];
  const sent: Uint8Array[] = [];
  let client: RemoteInfo | null = null;
  near.on("message", (data, from) => {
    client = from;
    if (sent.push(data) > 1) far.send(data, to, "127.0.0.1");
  });
  far.on("message", (data) => {
    if (client !== null) near.send(data, client.port, client.address);
  });
  await Promise.all([near, far].map((socket) => new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))));
  return {
    port: near.address().port,
    sent,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([near, far].map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
    },
  };
}
