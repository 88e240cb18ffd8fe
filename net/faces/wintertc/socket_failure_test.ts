import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { MemoryNetwork, type MemoryService } from "../../../runtime/memory/net.ts";
import { brokerFixture, REQUESTER, RUN } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { createEngineHost } from "../../engine/engine_host.ts";
import { createWinterTcSockets, type Socket, type SocketOptions } from "./mod.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

interface Connected {
  readonly socket: Socket;
  revoke(): void;
}

function connect(service: MemoryService, options: SocketOptions): Connected {
  const network = new MemoryNetwork();
  network.addName("mail.example", "93.184.215.14");
  network.listen({ address: "93.184.215.14", port: 25 }, service);
  const { broker, clock } = brokerFixture([RUN]);
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report: () => {} };
  const sockets = createWinterTcSockets(() => Promise.resolve(context));
  return { socket: sockets.connect("mail.example:25", options), revoke: () => broker.revokeAll() };
}

/** The code of what a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return cause instanceof ParleyError ? cause.code : String(error);
  }
  throw new assert.AssertionError({ message: "the promise was fulfilled" });
}

for (const allowHalfOpen of [true, false]) {
  for (const min of [1, 8]) {
    test(
      `WT-11 what had arrived is read to its orderly end although a write failed (allowHalfOpen ${allowHalfOpen}, min ${min})`,
      async () => {
        // Hangs up with something to say and without listening.
        const { socket } = connect((link) => link.write(bytes("goodbye")), { allowHalfOpen });
        await socket.opened;
        assert.equal(await failure(socket.writable.getWriter().write(bytes("hello?"))), "NET_RESET");
        const reader = socket.readable.getReader({ mode: "byob" });
        const first = await reader.read(new Uint8Array(16), { min });
        assert.equal(text(first.value), "goodbye");
        assert.equal(first.done, min > 1);
        assert.equal((await reader.read(new Uint8Array(16))).done, true);
        assert.equal(await failure(socket.closed), "NET_RESET");
        // The writable looks a turn later whether it can be closed.
        await new Promise((resolve) => void setTimeout(resolve, 0));
      },
    );
  }
}

test("WT-11 closed rejects after a failed write, although the reader cancels what it waits for", async () => {
  const { socket } = connect((link) => link.write(bytes("goodbye")), { allowHalfOpen: true });
  await socket.opened;
  assert.equal(await failure(socket.writable.getWriter().write(bytes("hello?"))), "NET_RESET");
  const reader = socket.readable.getReader({ mode: "byob" });
  await reader.read(new Uint8Array(16));
  const read = reader.read(new Uint8Array(16));
  await reader.cancel();
  assert.equal((await read).done, true);
  assert.equal(await failure(socket.closed), "NET_RESET");
});

test("CON-19 an approval that is taken back between startTls() and the handshake is why opened rejects", async () => {
  const { socket, revoke } = connect(async (link) => void await link.readChunk(), { secureTransport: "starttls" });
  await socket.opened;
  const secure = socket.startTls();
  revoke();
  assert.match(await failure(secure.opened) ?? "", /Not allowed to connect to mail\.example:25/);
});
