import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { OpenTCPSocket } from "../../../net/above/node/port.ts";
import { ParleyError } from "../../../core/errors.ts";
import {
  approvingHost,
  bytesOf,
  echo,
  PEER,
  PEER_ADDRESS,
  readToEnd,
  settled,
} from "../../../tests/support/approving_host.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import { createTestHost, ManualClock, type MemoryService, type TestHost } from "../../../testing.ts";
import { ClientSocket, type ClientSocketOptions } from "./client_socket.ts";
import { connectionMaker } from "./create_connection.ts";
import type { NodeSocketError } from "./node_socket_error.ts";

const HOST = PEER.remoteAddress;
const nobody: OpenTCPSocket = () => Promise.reject(new DOMException("Not allowed", "NotAllowedError"));

function socketOf(host: TestHost, options: ClientSocketOptions = {}): ClientSocket {
  return new ClientSocket({ ...options, openTCPSocket: host.navigator.openTCPSocket }, nobody);
}

/** What the opener is asked for, in place of a network. */
function recorder(): { readonly open: OpenTCPSocket; readonly asked: Record<string, unknown>[] } {
  const asked: Record<string, unknown>[] = [];
  const open: OpenTCPSocket = ({ signal: _signal, ...options }) => {
    asked.push(options as Record<string, unknown>);
    return Promise.resolve({ readable: new ReadableStream(), writable: new WritableStream() });
  };
  return { open, asked };
}

function eventsOf(socket: ClientSocket): string[] {
  const log: string[] = [];
  for (const event of ["connect", "ready", "end", "finish"]) socket.on(event, () => log.push(event));
  socket.on("error", (error: NodeSocketError) => log.push(`error ${error.code} at ${error.syscall}`));
  socket.on("close", (...args: unknown[]) => log.push(`close ${args.join()}`));
  return log;
}

const greeting: MemoryService = async (link) => {
  await link.write(bytesOf("hello"));
  await link.closeWrite();
  await readToEnd(link);
};

test("NET-08 connect() asks the operator, and nothing leaves before the answer", async () => {
  const answer = Promise.withResolvers<void>();
  const host = createTestHost({
    answer: async () => {
      await answer.promise;
      return { kind: "allow", lifetime: "once", host: null };
    },
  });
  host.network.addName(HOST, PEER_ADDRESS);
  host.network.listen({ address: PEER_ADDRESS, port: 7 }, echo);
  const socket = socketOf(host);
  const log = eventsOf(socket);
  assert.deepEqual([socket.pending, socket.connecting, socket.readyState], [true, false, "open"]);
  assert.equal(socket.connect(7, HOST), socket);
  socket.write("written ");
  socket.end("early");
  await settled();
  assert.equal(host.questions.length, 1);
  assert.deepEqual(host.network.log, []);
  assert.deepEqual([socket.pending, socket.connecting, socket.readyState], [true, true, "opening"]);
  assert.deepEqual(log, []);
  answer.resolve();
  let got = "";
  for await (const chunk of socket) got += chunk;
  assert.equal(got, "written early");
  await settled();
  assert.deepEqual(log, ["connect", "ready", "finish", "end", "close false"]);
  assert.deepEqual([socket.remoteAddress, socket.remotePort], [PEER_ADDRESS, 7]);
});

test("NET-17 a refusal is an error with the code EACCES, and nothing has left", async () => {
  const host = createTestHost();
  const socket = socketOf(host);
  const log = eventsOf(socket);
  let written: unknown = null;
  socket.connect({ host: HOST, port: 7 });
  socket.write("x", (error) => written = error);
  await settled();
  assert.deepEqual(host.network.log, []);
  assert.deepEqual(log, ["error EACCES at connect", "close true"]);
  assert.equal((written as NodeSocketError).code, "EACCES");
  assert.equal(socket.connecting, false);
});

test("NET-04 what is written before connect() has no connection to wait for, as with net.Socket", async () => {
  const socket = socketOf(approvingHost(echo));
  const log = eventsOf(socket);
  socket.write("x");
  await settled();
  assert.deepEqual(log, ["error ERR_SOCKET_CLOSED at write", "close true"]);
});

test("NET-04 a failure to connect has the system's code", async () => {
  const socket = socketOf(approvingHost(echo));
  const log = eventsOf(socket);
  socket.connect(8, HOST);
  await settled();
  assert.deepEqual(log, ["error ECONNREFUSED at connect", "close true"]);
});

test("NET-17 an approved name that does not exist is an error with the code of a refusal", async () => {
  const host = approvingHost(echo);
  const socket = socketOf(host);
  const log = eventsOf(socket);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.connect(7, "absent.example");
  await toldLate(host.clock, closed);
  assert.deepEqual(log, ["error EACCES at connect", "close true"]);
});

test("NET-04 a host that Parley never connects to is an error event, as every failure to connect", async () => {
  const socket = socketOf(approvingHost(echo));
  const log = eventsOf(socket);
  socket.connect(7, "127.1");
  await settled();
  assert.deepEqual(log, ["error EINVAL at connect", "close true"]);
});

test("NET-04 destroy() while the question stands withdraws it", async () => {
  let withdrawn = false;
  const opener: OpenTCPSocket = ({ signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        withdrawn = true;
        reject(signal.reason);
      });
    });
  const socket = new ClientSocket({ openTCPSocket: opener }, nobody);
  const log = eventsOf(socket);
  let written: unknown = null;
  socket.connect(7, HOST);
  socket.write("x", (error) => written = error);
  socket.destroy();
  await settled();
  assert.equal(withdrawn, true);
  assert.deepEqual(log, ["close false"]);
  assert.equal((written as NodeSocketError).code, "ERR_SOCKET_CLOSED");
});

test("NET-04 a connection that comes after destroy() is closed", async () => {
  const late = Promise.withResolvers<void>();
  const host = approvingHost(echo);
  let closed: Promise<void> | null = null;
  const opener: OpenTCPSocket = async ({ signal: _signal, ...options }) => {
    await late.promise;
    const tcp = await host.navigator.openTCPSocket(options);
    closed = tcp.closed;
    return tcp;
  };
  const socket = new ClientSocket({ openTCPSocket: opener }, nobody);
  const log = eventsOf(socket);
  socket.connect(7, HOST);
  socket.destroy();
  late.resolve();
  await settled();
  assert.notEqual(closed, null);
  await closed;
  assert.deepEqual(log, ["close false"]);
});

test("NET-04 destroy() of an open socket is an end for the far side, not a reset", async () => {
  const heard = Promise.withResolvers<string>();
  const socket = socketOf(approvingHost((link) => readToEnd(link).then(heard.resolve, heard.reject)));
  socket.connect(7, HOST, () => void socket.write("all of it", () => void socket.destroy()));
  assert.equal(await heard.promise, "all of it");
});

test("NET-04 end() before the connection is there ends it once it is", async () => {
  const socket = socketOf(approvingHost(async (link) => {
    assert.equal(await readToEnd(link), "");
    await link.write(bytesOf("bye"));
  }));
  socket.connect(7, HOST).end();
  let got = "";
  for await (const chunk of socket) got += chunk;
  assert.equal(got, "bye");
});

test("NET-04 a socket that closed no longer listens to its signal", async () => {
  const { signal } = new AbortController();
  const socket = socketOf(approvingHost(greeting), { signal });
  socket.connect(7, HOST);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  socket.resume();
  await settled();
  assert.equal(socket.destroyed, true);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("NET-04 a signal destroys the socket, before and after it is open, with its reason as cause", async () => {
  const host = approvingHost(echo);
  const controller = new AbortController();
  const [before, after, never] = [0, 1, 2].map(() => socketOf(host, { signal: controller.signal }));
  const logs = [before, after, never].map((socket) => eventsOf(socket as ClientSocket));
  after?.connect(7, HOST);
  await settled();
  before?.connect(7, HOST);
  const reason = new RangeError("enough");
  controller.abort(reason);
  await settled();
  assert.deepEqual(logs[0], ["error ABORT_ERR at connect", "close true"]);
  assert.deepEqual(logs[1], ["connect", "ready", "error ABORT_ERR at connect", "close true"]);
  assert.equal(after?.errored?.cause, reason);
  never?.connect(7, HOST);
  await settled();
  assert.deepEqual(logs[2], ["error ABORT_ERR at connect", "close true"]);
});

test("NET-08 a socket that closed can connect again, which is a new question and a fresh stream", async () => {
  const host = createTestHost({ answer: () => ({ kind: "allow", lifetime: "once", host: null }) });
  host.network.addName(HOST, PEER_ADDRESS);
  let visits = 0;
  host.network.listen({ address: PEER_ADDRESS, port: 7 }, async (link) => {
    await link.write(bytesOf(`visit ${++visits}`));
    await link.closeWrite();
    await readToEnd(link);
  });
  const socket = socketOf(host);
  const log = eventsOf(socket);
  let got = "";
  socket.on("data", (chunk) => got += chunk);
  for (const visit of [1, 2, 3]) {
    got = "";
    socket.connect(7, HOST);
    await settled();
    assert.equal(got, `visit ${visit}`);
    assert.equal(socket.destroyed, true);
    assert.equal(socket.bytesRead, 7);
  }
  assert.deepEqual(log.slice(5), ["connect", "ready", "end", "finish", "close false"].concat(log.slice(0, 5)));
  assert.equal(host.questions.length, 3);
});

test("NET-04 a socket that broke can connect again, and nothing of the old connection is in the new one", async () => {
  const host = createTestHost({ allow: [`${HOST}:7`] });
  host.network.addName(HOST, PEER_ADDRESS);
  let visits = 0;
  host.network.listen({ address: PEER_ADDRESS, port: 7 }, async (link) => {
    await link.write(bytesOf(`visit ${++visits}`));
    if (visits === 1) await new Promise((resolve) => void setTimeout(resolve, 0)).then(() => link.reset());
    else await readToEnd(link);
  });
  const socket = socketOf(host);
  const log = eventsOf(socket);
  socket.connect(7, HOST);
  socket.write("never settles", () => {});
  await settled();
  assert.deepEqual(log, ["connect", "ready", "error ECONNRESET at read", "close true"]);
  assert.equal(socket.readableLength, 7);
  socket.connect(7, HOST, () => void socket.end());
  let got = "";
  for await (const chunk of socket) got += chunk;
  assert.equal(got, "visit 2");
});

test("NET-04 a chunk of the old connection that is still on its way is not in the new one", async () => {
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const opener: OpenTCPSocket = () => {
    const readable = new ReadableStream<Uint8Array>({ start: (controller) => void controllers.push(controller) });
    return Promise.resolve({ readable, writable: new WritableStream<BufferSource>() });
  };
  const socket = new ClientSocket({ openTCPSocket: opener }, nobody);
  let got = "";
  socket.on("data", (chunk) => got += chunk);
  socket.connect(7, HOST);
  await settled();
  controllers[0]?.enqueue(bytesOf("old"));
  socket.destroy();
  socket.connect(7, HOST);
  await settled();
  controllers[1]?.enqueue(bytesOf("new"));
  await settled();
  assert.equal(got, "new");
  assert.equal(socket.bytesRead, 3);
  socket.destroy();
});

test("NET-04 setTimeout() counts while connecting, and again after connecting again", async () => {
  const clock = new ManualClock();
  let answer: () => void = () => {};
  const opener: OpenTCPSocket = () =>
    new Promise((resolve) =>
      answer = () => resolve({ readable: new ReadableStream(), writable: new WritableStream() })
    );
  const socket = new ClientSocket({ openTCPSocket: opener, clock }, nobody);
  let idle = 0;
  socket.setTimeout(1000).on("timeout", () => idle++);
  socket.connect(7, HOST);
  await clock.advance(1000);
  assert.equal(idle, 1);
  answer();
  await clock.advance(1000);
  assert.equal(idle, 2);
  socket.destroy();
  await clock.advance(1000);
  assert.equal(idle, 2);
  socket.connect(7, HOST);
  await clock.advance(1000);
  assert.equal(idle, 3);
  socket.destroy();
});

test("NET-04 connect() on a socket that is connecting or connected is refused", async () => {
  const socket = socketOf(approvingHost(echo));
  const isBusy = (error: unknown): boolean => error instanceof ParleyError && error.code === "ARG_INVALID";
  socket.connect(7, HOST);
  assert.throws(() => socket.connect(7, HOST), isBusy);
  await settled();
  assert.throws(() => socket.connect(7, HOST), isBusy);
  socket.destroy();
});

test("NET-01 Unix sockets, local addresses and a lookup of the program's own are refused, and nobody is asked", () => {
  const host = createTestHost();
  const unsupported = (error: unknown): boolean => error instanceof ParleyError && error.code === "RUNTIME_UNSUPPORTED";
  const attempts: ((socket: ClientSocket) => unknown)[] = [
    (socket) => socket.connect("/run/service.sock"),
    (socket) => socket.connect({ path: "/run/service.sock" } as never),
    (socket) => socket.connect({ host: HOST, port: 7, socketPath: "/run/service.sock" } as never),
    (socket) => socket.connect({ host: HOST, port: 7, localAddress: "10.0.0.1" } as never),
    (socket) => socket.connect({ host: HOST, port: 7, localPort: 1024 } as never),
    (socket) => socket.connect({ host: HOST, port: 7, lookup: () => {} } as never),
  ];
  for (const attempt of attempts) {
    const socket = socketOf(host);
    assert.throws(() => attempt(socket), unsupported);
    assert.equal(socket.connecting, false);
  }
  assert.deepEqual(host.questions, []);
});

test("NET-05 setNoDelay, setKeepAlive and connect's options reach the opener; the last word is connect's", async () => {
  const { open, asked } = recorder();
  const make = (options: ClientSocketOptions = {}): ClientSocket =>
    new ClientSocket({ ...options, openTCPSocket: open }, nobody);
  make().connect(7);
  make().setNoDelay().setKeepAlive(true, 200).connect({ port: "7", host: HOST, family: 6 });
  make().setNoDelay().setKeepAlive(true, 5000).connect({ port: 7, host: HOST, noDelay: false, keepAlive: false });
  make({ openOptions: { secureTransport: "on", keepAlive: true, keepAliveDelay: 9000, connectTimeout: 5 } }).connect({
    port: 7,
    host: HOST,
    localAddress: undefined,
    localPort: 0,
    path: null,
  } as never);
  await settled();
  const there = { remoteAddress: HOST, remotePort: 7 };
  assert.deepEqual(asked, [
    { remoteAddress: "localhost", remotePort: 7, noDelay: false, keepAlive: false },
    { ...there, noDelay: true, keepAlive: true, keepAliveDelay: 1000, dnsQueryType: "ipv6" },
    { ...there, noDelay: false, keepAlive: false },
    {
      ...there,
      noDelay: false,
      keepAlive: true,
      keepAliveDelay: 9000,
      secureTransport: "on",
      connectTimeout: 5,
    },
  ]);
});

test("NET-25 an upgrade through openOptions is refused: the client's own TLS would never be it", () => {
  assert.throws(() => new ClientSocket({ openOptions: { secureTransport: "starttls" } }, nobody), TypeError);
});

test("CORE-01 an opener on Object.prototype opens nothing", async () => {
  const { open, asked } = recorder();
  const prototype = Object.prototype as { openTCPSocket?: OpenTCPSocket };
  prototype.openTCPSocket = open;
  try {
    const socket = new ClientSocket({}, nobody);
    const log = eventsOf(socket);
    socket.connect(7, HOST);
    await settled();
    assert.deepEqual(log, ["error EACCES at connect", "close true"]);
    assert.deepEqual(asked, []);
  } finally {
    delete prototype.openTCPSocket;
  }
});

test("NET-01 createConnection takes what that of node:net takes", async () => {
  const host = approvingHost(greeting);
  const made: ClientSocketOptions[] = [];
  const createConnection = connectionMaker((options) => {
    made.push(options);
    return socketOf(host, options);
  });
  const { signal } = new AbortController();
  const calls = [
    (done: () => void) => createConnection(7, HOST, done),
    (done: () => void) => createConnection({ port: 7, host: HOST }, done),
    (done: () => void) => createConnection({ port: 7, host: HOST, allowHalfOpen: true, signal, timeout: 1500 }, done),
  ];
  for (const call of calls) {
    let connected = 0;
    const socket = call(() => connected++);
    let got = "";
    socket.on("data", (chunk) => got += chunk);
    await settled();
    assert.deepEqual([got, connected], ["hello", 1]);
    assert.equal(socket.destroyed, socket.timeout === undefined);
    socket.destroy();
  }
  assert.deepEqual(made, [{}, {}, { allowHalfOpen: true, signal }]);
});
