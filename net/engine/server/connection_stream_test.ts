import assert from "node:assert/strict";
import { settled } from "../../../tests/support/approving_host.ts";
import { test } from "../../../tests/support/harness.ts";
import type { AcceptedConnection } from "./accepted_connection.ts";
import { connectionStream } from "./connection_stream.ts";
import type { TcpServer } from "./tcp_server.ts";

/** What the stream needs of a server, in the test's hands. */
function fakeServer(): {
  server: TcpServer;
  accepting: PromiseWithResolvers<AcceptedConnection | null>;
  closed: PromiseWithResolvers<void>;
  closes: () => number;
} {
  const accepting = Promise.withResolvers<AcceptedConnection | null>();
  const closed = Promise.withResolvers<void>();
  let closes = 0;
  const server = {
    closed: closed.promise,
    accept: () => accepting.promise,
    close: () => {
      closes++;
      return closed.promise;
    },
  };
  return { server: server as unknown as TcpServer, accepting, closed, closes: () => closes };
}

test("NET-04 a connection that comes while the stream is cancelled is closed, not lost", async () => {
  const { server, accepting, closes } = fakeServer();
  const stream = connectionStream(server, { highWaterMark: 1, wrap: () => assert.fail("nobody wants it") });
  await settled();
  await stream.cancel();
  let closed = 0;
  const connection = { close: () => Promise.resolve(void closed++) };
  accepting.resolve({ connection } as unknown as AcceptedConnection);
  await settled();
  assert.deepEqual([closes(), closed], [1, 1]);
});

test("DS-61 the stream ends with the server, or fails with it, whether or not somebody reads", async () => {
  for (const error of [null, new TypeError("Cannot go on: taken back")]) {
    const { server, closed } = fakeServer();
    const reader = connectionStream(server, { highWaterMark: 0, wrap: () => 1 }).getReader();
    if (error === null) closed.resolve();
    else closed.reject(error);
    if (error === null) await reader.closed;
    else await assert.rejects(reader.closed, error);
  }
});
