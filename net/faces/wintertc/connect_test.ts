import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import type { Answer, Prompter, Question } from "../../../permissions/prompter.ts";
import { memoryTlsServer } from "../../../runtime/memory/memory_tls.ts";
import { MemoryNetwork, type MemoryService } from "../../../runtime/memory/net.ts";
import { type BrokerFixture, brokerFixture, NO, ONCE, REQUESTER, RUN } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import type { ByteLink } from "../../port.ts";
import { createWinterTcSockets, Socket, SocketError, type WinterTcSockets } from "./mod.ts";
import { createEngineHost } from "../../engine/engine_host.ts";

const ADDRESS = "93.184.215.14";
const MAIL = "mail.example:25";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
/** A turn of the event loop: every promise reaction that was due has run. */
const turn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));
const never = <T>(): Promise<T> => new Promise(() => {});

async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
}

interface TestFace extends WinterTcSockets, BrokerFixture {
  readonly network: MemoryNetwork;
}

/** A face on a network in memory, with a server for {@linkcode MAIL}. */
function face(service: MemoryService = echo, answer: () => Answer | Promise<Answer> = () => ONCE): TestFace {
  const network = new MemoryNetwork();
  network.addName("mail.example", ADDRESS);
  network.listen({ address: ADDRESS, port: 25 }, service);
  const questions: Question[] = [];
  const prompter: Prompter = {
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer());
    },
  };
  const fixture = brokerFixture([], { prompter });
  const { broker, clock, reports } = fixture;
  const report = (line: string): void => void reports.push(line);
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  const { connect } = createWinterTcSockets(() => Promise.resolve(context));
  return { ...fixture, questions, connect, network };
}

/** Whether a promise is settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  await turn();
  return await Promise.race([promise.catch(() => {}), Promise.resolve(pending)]) !== pending;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "the promise was fulfilled" });
}

function code(error: unknown): string | undefined {
  assert.ok(error instanceof SocketError, String(error));
  return error.cause instanceof ParleyError ? error.cause.code : undefined;
}

test("WT-01 connect() returns a pending socket whose streams can be used at once", async () => {
  let answered: (answer: Answer) => void = () => {};
  const { connect, network } = face(echo, () => new Promise((resolve) => answered = resolve));
  const socket = connect(MAIL);
  assert.ok(socket instanceof Socket);
  const written = socket.writable.getWriter().write(bytes("hello"));
  const read = socket.readable.getReader().read();
  assert.equal(await settled(socket.opened), false);
  assert.equal(await settled(written), false);
  assert.deepEqual(network.log, []);
  answered(ONCE);
  assert.equal(text((await read).value), "hello");
  await written;
  await socket.close();
});

test("WT-05 opened tells both addresses, and ALPN is null without TLS", async () => {
  const { connect } = face();
  await using socket = connect({ hostname: "mail.example", port: 25 });
  const info = await socket.opened;
  assert.equal(info.remoteAddress, `${ADDRESS}:25`);
  assert.match(info.localAddress ?? "", /^127\.0\.0\.1:\d+$/);
  assert.equal(info.alpn, null);
});

test("WT-05 with TLS, opened waits for the handshake", async () => {
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => goOn = resolve);
  const { connect, questions } = face(async (link) => {
    await held;
    await echo(await memoryTlsServer(link, { names: ["mail.example"], authority: "public" }));
  });
  await using socket = connect(MAIL, { secureTransport: "on" });
  assert.equal(await settled(socket.opened), false);
  goOn();
  await socket.opened;
  assert.equal(questions[0]?.descriptor.destination?.scheme, "tls");
});

test("WT-06 a failed attempt: one error for opened and closed, the readable cancelled, the writable aborted", async () => {
  const { connect } = face();
  const socket = connect("mail.example:26");
  const read = socket.readable.getReader().read();
  const byteRead = connect("mail.example:26").readable.getReader({ mode: "byob" }).read(new Uint8Array(8));
  const writer = socket.writable.getWriter();
  const written = failure(writer.write("x"));
  const error = await failure(socket.opened);
  assert.equal(code(error), "NET_REFUSED");
  assert.equal(await failure(socket.closed), error);
  assert.equal((await read).done, true);
  assert.equal((await byteRead).done, true);
  assert.equal(await written, error);
  assert.equal(await failure(writer.closed), error);
});

test("NET-17 every refusal is one SocketError whose message depends on the request alone", async () => {
  const told = new Set<string>();
  for (const reason of ["refused", "no-terminal", "aborted", "queue-full"] as const) {
    const { connect } = face(echo, () => ({ kind: "deny", reason }));
    const error = await failure(connect(MAIL).opened) as SocketError;
    told.add(`${error.message} ${code(error)} ${error.cause}`);
  }
  const { connect, network, reports, clock } = face();
  network.addName("mail.example", "192.168.1.1");
  const socket = connect(MAIL);
  const error = await toldLate(clock, failure(socket.opened)) as SocketError;
  assert.equal(await failure(socket.closed), error);
  told.add(`${error.message} ${code(error)} ${error.cause}`);
  const unknown = face();
  unknown.network.addName("mail.example");
  const other = await toldLate(unknown.clock, failure(unknown.connect(MAIL).opened)) as SocketError;
  told.add(`${other.message} ${code(other)} ${other.cause}`);
  assert.deepEqual([...told], [`SocketError: Not allowed to connect to ${MAIL} undefined undefined`]);
  assert.match(reports.join("\n"), /PERM_ADDRESS/);
});

test("WT-18 NET-08 a refused socket rejects opened and closed, and nothing was looked up", async () => {
  const { connect, network } = face(echo, () => NO);
  const socket = connect(MAIL);
  assert.equal(await failure(socket.opened), await failure(socket.closed));
  assert.deepEqual(network.log, []);
});

test("WT-08 closed is fulfilled once the end was read, and not before", async () => {
  const { connect } = face((link) => void link.write(bytes("bye")));
  const socket = connect(MAIL);
  await socket.opened;
  assert.equal(await settled(socket.closed), false);
  assert.equal(await new Response(socket.readable).text(), "bye");
  await socket.closed;
  const writer = socket.writable.getWriter();
  await writer.closed;
  await assert.rejects(writer.write("late"), TypeError);
});

test("WT-08 the end is found by a reader with a buffer, too, and its buffer comes back", async () => {
  const { connect } = face((link) => void link.write(bytes("bye")));
  const socket = connect(MAIL);
  const reader = socket.readable.getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(new ArrayBuffer(16), 4, 8));
  assert.equal(text(first.value), "bye");
  assert.equal(first.value?.byteOffset, 4);
  const last = await reader.read(new Uint8Array(first.value?.buffer as ArrayBuffer, 4, 8));
  assert.equal(last.done, true);
  assert.equal(last.value?.buffer.byteLength, 16);
  await socket.closed;
});

test("WT-08 cancelling the readable and closing the writable does not settle closed", async () => {
  const { connect } = face();
  const socket = connect(MAIL);
  await socket.opened;
  await socket.readable.cancel();
  await socket.writable.close();
  assert.equal(await settled(socket.closed), false);
  await socket.close();
});

test("WT-09 close() returns the promise that closed is, and ends pending reads and writes with locked streams", async () => {
  const { connect } = face();
  const socket = connect(MAIL);
  await socket.opened;
  const read = socket.readable.getReader().read();
  const writer = socket.writable.getWriter();
  await turn();
  const closing = socket.close();
  assert.equal(closing, socket.closed);
  await closing;
  assert.equal((await read).done, true);
  await assert.rejects(writer.closed, SocketError);
  await assert.rejects(writer.write("x"), SocketError);
  assert.equal(socket.close("again"), closing);
});

test("WT-09 close() ends a pending read that brought a buffer", async () => {
  const { connect } = face();
  const socket = connect(MAIL);
  await socket.opened;
  const read = socket.readable.getReader({ mode: "byob" }).read(new Uint8Array(new ArrayBuffer(16), 4, 8));
  await turn();
  await socket.close();
  const { done, value } = await read;
  assert.equal(done, true);
  assert.equal(value?.byteLength ?? 0, 0);
});

test("WT-09 close(reason) rejects a pending opened and the writable with the reason, and gives the attempt up", async () => {
  const { connect, network } = face(echo, () => never<Answer>());
  const reason = { enough: true };
  const socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  const written = failure(writer.write("x"));
  await turn();
  await socket.close(reason);
  assert.equal(await failure(socket.opened), reason);
  assert.equal(await written, reason);
  assert.equal(await failure(writer.closed), reason);
  assert.deepEqual(network.log, []);
});

test("WT-09 closing while the connection is made releases it", async () => {
  const { promise: end, resolve: ended } = Promise.withResolvers<unknown>();
  const { connect } = face(async (link) => {
    await link.readChunk();
    await link.readChunk().then(ended, ended);
  });
  const socket = connect(MAIL, { secureTransport: "on" });
  await turn();
  await socket.close();
  await assert.rejects(socket.opened, SocketError);
  await end;
});

test("WT-10 without half-open sockets, the far end's FIN closes the writable once it is flushed", async () => {
  let received = "";
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => goOn = resolve);
  const { connect } = face(async (link) => {
    await link.closeWrite();
    await held;
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) {
      received += text(chunk);
      await turn();
    }
  });
  const socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  const big = "x".repeat(1024 * 1024);
  const writes = [writer.write(big), writer.write(big), writer.write("end")];
  assert.equal((await socket.readable.getReader().read()).done, true);
  assert.equal(await settled(socket.closed), false);
  goOn();
  await Promise.all(writes);
  await socket.closed;
  await turn();
  assert.equal(received, `${big}${big}end`);
  await assert.rejects(writer.write("late"), TypeError);
});

test("WT-10 a writer that was held over the far end's FIN can still close", async () => {
  const { connect } = face((link) => link.closeWrite());
  const socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  assert.equal((await socket.readable.getReader().read()).done, true);
  await socket.closed;
  await writer.close();
});

test("WT-10 with half-open sockets, writing goes on after the far end's FIN, and closed waits for close()", async () => {
  let received = "";
  const { connect } = face(async (link) => {
    await link.closeWrite();
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) received += text(chunk);
  });
  const socket = connect(MAIL, { allowHalfOpen: true });
  assert.equal((await socket.readable.getReader().read()).done, true);
  const writer = socket.writable.getWriter();
  await writer.write("still here");
  assert.equal(await settled(socket.closed), false);
  await writer.close();
  await turn();
  assert.equal(received, "still here");
  await socket.close();
});

test("WT-11 a reset rejects the read, the writable and closed with one error", async () => {
  const { connect } = face((link) => link.reset());
  const socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  const error = await failure(socket.readable.getReader().read());
  assert.equal(code(error), "NET_RESET");
  assert.equal(await failure(socket.closed), error);
  assert.equal(await failure(writer.closed), error);
});

test("WT-19 the readable is a byte stream that fills the buffer it is given, whichever reader comes next", async () => {
  const { connect } = face();
  await using socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  await writer.write("abcdef");
  const byteReader = socket.readable.getReader({ mode: "byob" });
  const { value } = await byteReader.read(new Uint8Array(new ArrayBuffer(8), 2, 4));
  assert.equal(text(value), "abcd");
  assert.equal(value?.buffer.byteLength, 8);
  byteReader.releaseLock();
  const reader = socket.readable.getReader();
  assert.equal(text((await reader.read()).value), "ef");
  reader.releaseLock();
  await writer.write("gh");
  const again = await socket.readable.getReader({ mode: "byob" }).read(new Uint8Array(8));
  assert.equal(text(again.value), "gh");
});

test("NET-03 nothing is read ahead, and a writer waits for a far end that does not read", async () => {
  let sent = 0;
  const { connect } = face(async (link) => {
    for (; sent < 1000; sent++) await link.write(new Uint8Array(64 * 1024));
  });
  await using socket = connect(MAIL);
  await socket.opened;
  const writer = socket.writable.getWriter();
  assert.equal(writer.desiredSize, 1);
  let taken = 0;
  const writing = (async () => {
    for (; taken < 1000; taken++) await writer.write(new Uint8Array(64 * 1024));
  })().catch(() => {});
  await turn();
  await turn();
  assert.ok(sent < 100, `${sent} chunks left a server whose client does not read`);
  assert.ok(taken < 100, `${taken} chunks were taken for a server that does not read`);
  await socket.close();
  await writing;
});

test("WT-20 strings are written as UTF-8, bytes as they are, and anything else breaks the writable", async () => {
  const { connect } = face();
  await using socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  await writer.write("é");
  await writer.write(new DataView(bytes("_z_").buffer, 1, 1));
  await assert.rejects(writer.write(5 as unknown as string), TypeError);
  assert.equal(await new Response(socket.readable).text(), "éz");
});

test("WT-21 a Socket cannot be constructed, and has the shape of its interface", () => {
  assert.throws(() => new (Socket as unknown as new () => Socket)(), TypeError);
  assert.equal(Object.prototype.toString.call(Socket.prototype), "[object Socket]");
  const members = Object.keys(Socket.prototype).sort();
  assert.deepEqual(members, [
    "close",
    "closed",
    "opened",
    "readable",
    "secureTransport",
    "startTls",
    "upgraded",
    "writable",
  ]);
});

test("NET-04 a signal ends the attempt, and later the connection, with its own reason", async () => {
  const { connect } = face();
  const reason = new RangeError("enough");
  assert.equal(await failure(connect(MAIL, { signal: AbortSignal.abort(reason) }).opened), reason);
  const controller = new AbortController();
  const socket = connect(MAIL, { signal: controller.signal });
  await socket.opened;
  const read = failure(socket.readable.getReader().read());
  await turn();
  controller.abort(reason);
  assert.equal(await read, reason);
  assert.equal(await failure(socket.closed), reason);
});

test("NET-04 an abort of the writable does not wait for a connection", async () => {
  const { connect } = face(echo, () => never<Answer>());
  const socket = connect(MAIL);
  const writer = socket.writable.getWriter();
  const written = failure(writer.write("x"));
  await turn();
  await writer.abort("enough");
  assert.equal(await written, "enough");
  await socket.readable.cancel();
  await socket.close();
});

test("WT-08 a writable that the script aborted does not keep closed from being fulfilled at the end", async () => {
  const { connect } = face();
  const socket = connect(MAIL);
  await socket.opened;
  await socket.writable.abort("enough");
  assert.equal(await settled(socket.closed), false);
  assert.equal((await socket.readable.getReader().read()).done, true);
  await socket.closed;
});

test("WT-11 a reset after the script aborted the writable still rejects closed", async () => {
  const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
  const { connect } = face(async (link) => {
    await held;
    link.reset();
  });
  const socket = connect(MAIL);
  await socket.opened;
  await socket.writable.abort("enough");
  const read = failure(socket.readable.getReader().read());
  goOn();
  const error = await read;
  assert.equal(code(error), "NET_RESET");
  assert.equal(await failure(socket.closed), error);
});

test("NET-04 cancel and abort before the socket is open reach the connection, which is released", async () => {
  let seen: Uint8Array | null = bytes("nothing");
  const { promise: refused, resolve: refuse } = Promise.withResolvers<unknown>();
  const { connect } = face(async (link) => {
    seen = await link.readChunk();
    await turn();
    refuse(await failure(Promise.resolve(link.write(bytes("x")))));
  });
  const socket = connect(MAIL);
  await socket.readable.cancel();
  await socket.writable.abort();
  await socket.opened;
  assert.equal((await refused as ParleyError).code, "NET_RESET");
  assert.equal(seen, null);
  await socket.close();
});

test("CON-13 taking an approval back breaks its sockets off, read or not", async () => {
  const { connect, broker } = face(echo, () => RUN);
  const socket = connect(MAIL);
  await socket.opened;
  const reader = socket.readable.getReader();
  broker.revokeAll();
  const error = await failure(socket.closed) as SocketError;
  assert.equal(error.message, `SocketError: Not allowed to connect to ${MAIL}`);
  assert.equal(await failure(reader.closed), error);
  assert.equal(await failure(socket.writable.getWriter().closed), error);
});
