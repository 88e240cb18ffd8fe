/** The connections of a server as a stream. */
import type { AcceptedConnection } from "./accepted_connection.ts";
import type { TcpServer } from "./tcp_server.ts";

/** How a stream of connections is made. */
export interface ConnectionStreamOptions<T> {
  /** Connections that are taken before anybody reads; 0 for none. */
  readonly highWaterMark: number;
  /** Makes of a connection what the face gives to programs. */
  wrap(accepted: AcceptedConnection): T;
}

/**
 * Makes a stream of a server's connections. It ends when the server is closed, and fails when the approval is taken back;
 * cancelling it closes the server.
 *
 * @param server The server.
 * @param options How much is taken ahead, and what a connection becomes.
 */
export function connectionStream<T>(server: TcpServer, options: ConnectionStreamOptions<T>): ReadableStream<T> {
  const { highWaterMark } = options;
  let over = false;
  const end = (close: () => void): void => {
    if (over) return;
    over = true;
    close();
  };
  return new ReadableStream<T>({
    start(controller) {
      server.closed.then(() => end(() => controller.close()), (error) => end(() => controller.error(error)));
    },
    async pull(controller) {
      const accepted = await server.accept().catch(() => null);
      // Why there is none, `closed` tells.
      if (accepted === null) return;
      if (over) void accepted.connection.close();
      else controller.enqueue(options.wrap(accepted));
    },
    cancel() {
      over = true;
      void server.close();
    },
  }, { highWaterMark });
}
