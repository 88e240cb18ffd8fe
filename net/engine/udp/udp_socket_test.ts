import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { connectedUdp, datagram, hasSettled, PEER } from "../../../tests/support/udp_fixture.ts";

const message = (size: number): { data: Uint8Array } => ({ data: new Uint8Array(size) });
const FROM_PEER = (
  text: string,
): Parameters<Awaited<ReturnType<typeof connectedUdp>>["link"]["arrive"]> => [text, PEER];

test("DS-50 readable gives one message a read, none read ahead, and is no byte stream", async () => {
  const { socket, link } = await connectedUdp();
  assert.throws(() => socket.readable.getReader({ mode: "byob" } as unknown as Record<never, never>), TypeError);
  const reader = socket.readable.getReader();
  link.arrive(...FROM_PEER("one"));
  link.arrive(...FROM_PEER("two"));
  assert.equal(socket.queued, 2);
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value?.data), "one");
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual([socket.queued, socket.counters.received], [1, 1]);
  const pending = [reader.read(), reader.read()];
  link.arrive(...FROM_PEER("three"));
  const read = await Promise.all(pending);
  assert.deepEqual(read.map((one) => new TextDecoder().decode(one.value?.data)), ["two", "three"]);
  reader.releaseLock();
  await socket.close();
});

test("NET-27 a paused reader keeps no more than the queue holds, and reads on where it stopped", async () => {
  const { socket, link } = await connectedUdp({ queue: { maxDatagrams: 4, maxBytes: 65_507 } });
  const reader = socket.readable.getReader();
  for (let number = 0; number < 100_000; number++) link.arrive(String(number), PEER);
  assert.deepEqual([socket.queued, socket.counters.dropped], [4, 99_996]);
  for (let number = 0; number < 4; number++) {
    assert.equal(new TextDecoder().decode((await reader.read()).value?.data), String(number));
  }
  reader.releaseLock();
  await socket.close();
});

test("NET-07 stream and receive() share one queue: whoever asks first gets the datagram", async () => {
  const { socket, link } = await connectedUdp();
  const reader = socket.readable.getReader();
  const asked = [reader.read().then(({ value }) => value), socket.receive(), reader.read().then(({ value }) => value)];
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  for (const text of ["1", "2", "3"]) link.arrive(text, PEER);
  const got = (await Promise.all(asked)).map((one) => new TextDecoder().decode(one?.data));
  assert.deepEqual(got.toSorted(), ["1", "2", "3"]);
  reader.releaseLock();
  await socket.close();
});

test("DS-27 cancel ends receiving alone: sending goes on, and closing the writable ends the socket in order", async () => {
  const { socket, link, host } = await connectedUdp();
  const waiting = socket.receive();
  await socket.readable.cancel(new TypeError("enough"));
  assert.equal(await waiting, null);
  link.arrive("ignored", PEER);
  assert.deepEqual([socket.queued, socket.counters.dropped, link.closed], [0, 0, false]);
  const writer = socket.writable.getWriter();
  await writer.write(message(3));
  assert.equal(await hasSettled(socket.closed), false);
  await writer.close();
  await socket.closed;
  assert.deepEqual([link.log, link.closed, host.inventory.size], [["9.9.9.9:53 3"], true, 0]);
});

test("DS-36 closing the writable first leaves receiving as it was", async () => {
  const { socket, link } = await connectedUdp();
  await socket.writable.close();
  await assert.rejects(socket.send(datagram(1), null) as Promise<void>, { code: "NET_CLOSED" });
  link.arrive("still", PEER);
  assert.equal(new TextDecoder().decode((await socket.receive())?.data), "still");
  await socket.readable.cancel();
  await socket.closed;
});

test("DS-45 a chunk that is no message errors the stream; closed is pending until the other side ends, then rejects", async () => {
  const { socket, link } = await connectedUdp();
  const writer = socket.writable.getWriter();
  const wrong = { data: new Uint8Array(1), remoteAddress: "9.9.9.9", remotePort: 53 };
  const error = await writer.write(wrong).catch((error) => error);
  assert.ok(error instanceof TypeError);
  assert.equal(await writer.write(message(1)).catch((error) => error), error);
  assert.equal(await hasSettled(socket.closed), false);
  link.arrive("still", PEER);
  assert.equal((await socket.receive())?.data.byteLength, 5);
  await socket.readable.cancel();
  await assert.rejects(socket.closed, error);
  assert.deepEqual(link.log, []);
});

test("DS-47 a datagram that is too large errors the stream with the face's error", async () => {
  const faced = new RangeError("of the face");
  const toFaceError = (error: unknown): unknown =>
    error instanceof ParleyError && error.code === "NET_MESSAGE_SIZE" ? faced : error;
  const { socket } = await connectedUdp({ toFaceError });
  await assert.rejects(socket.writable.getWriter().write(message(65_508)), faced);
  await socket.close();
});

test("DS-32 a write settles when the system has taken the datagram, and the next begins then", async () => {
  const { socket, link } = await connectedUdp();
  const writer = socket.writable.getWriter();
  assert.equal(writer.desiredSize, 1);
  link.isBlocked = true;
  const writes = [writer.write(message(1)), writer.write(message(2))];
  assert.equal(await hasSettled(writes[0]), false);
  assert.deepEqual([link.log, socket.counters.sent], [["9.9.9.9:53 1"], 0]);
  link.release();
  await Promise.all(writes);
  assert.deepEqual([link.log.length, socket.counters.sent, socket.counters.bytesSent], [2, 2, 3]);
  writer.releaseLock();
  await socket.close();
});

test("DS-34 abort rejects the write that waits for its turn with the script's reason, and receiving goes on", async () => {
  const { socket, link, clock } = await connectedUdp();
  const writer = socket.writable.getWriter();
  await writer.write(message(4096));
  const reason = new TypeError("enough");
  const waiting = assert.rejects(writer.write(message(1)), reason);
  assert.equal(await hasSettled(waiting), false);
  await writer.abort(reason);
  await waiting;
  assert.deepEqual([link.log.length, clock.pendingTimers], [1, 0]);
  link.arrive("still", PEER);
  assert.equal((await socket.receive())?.data.byteLength, 5);
  await socket.readable.cancel();
  await assert.rejects(socket.closed, reason);
});

test("DS-31 with copies, a change of the memory after the write changes nothing", async () => {
  const { socket, link } = await connectedUdp({ copyWrites: true });
  const writer = socket.writable.getWriter();
  await writer.write(message(4096));
  const data = new Uint8Array([1]);
  const waiting = writer.write({ data });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  data[0] = 9;
  link.arrive("answer", PEER);
  await waiting;
  assert.deepEqual([...link.sent.at(-1)?.bytes ?? []], [1]);
  writer.releaseLock();
  await socket.close();
});

test("DS-41 close() ends reads with done, rejects writes, releases the descriptor, and can be called again", async () => {
  const { socket, link, host } = await connectedUdp();
  link.arrive("unread", PEER);
  const closing = socket.close();
  assert.equal(closing, socket.closed);
  assert.equal(socket.close(), closing);
  await closing;
  assert.deepEqual(await socket.readable.getReader().read(), { done: true, value: undefined });
  await assert.rejects(socket.writable.getWriter().write(message(1)), { code: "NET_CLOSED" });
  assert.equal(await socket.receive(), null);
  assert.deepEqual([link.closed, host.inventory.size, socket.isOpen], [true, 0, false]);
  link.arrive("late", PEER);
  assert.equal(socket.queued, 0);
});

test("NET-04 close() with locked streams rejects what is under way, and leaves no rejection unheard", async () => {
  const { socket, link } = await connectedUdp();
  link.isBlocked = true;
  const [reader, writer] = [socket.readable.getReader(), socket.writable.getWriter()];
  const outcomes = [reader.read(), writer.write(message(1)), writer.write(message(2)), writer.closed, reader.closed];
  assert.equal(socket.locked, true);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  await socket.close();
  for (const outcome of await Promise.allSettled(outcomes)) {
    assert.equal(outcome.status === "rejected" && (outcome.reason as ParleyError).code, "NET_CLOSED");
  }
  // What nobody looks at: a socket with everything under way.
  const other = await connectedUdp();
  other.link.isBlocked = true;
  void other.socket.readable.getReader();
  const send = other.socket.send(datagram(1), null);
  void other.socket.close();
  await assert.rejects(send as Promise<void>, { code: "NET_CLOSED" });
  await new Promise((resolve) => setTimeout(resolve, 0));
});

test("CON-13 an approval that is taken back breaks the socket off: streams, receive() and closed reject", async () => {
  const approval = new AbortController();
  const { socket, link, host } = await connectedUdp({}, { signal: approval.signal });
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  const outcomes = [reader.read(), writer.closed, socket.closed];
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  const alsoWaiting = socket.receive();
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back"));
  for (
    const outcome of await Promise.allSettled([...outcomes, alsoWaiting, socket.receive(), writer.write(message(1))])
  ) {
    assert.equal(outcome.status === "rejected" && (outcome.reason as ParleyError).code, "PERM_REVOKED");
  }
  await assert.rejects(socket.send(datagram(1), null) as Promise<void>, { code: "PERM_REVOKED" });
  assert.deepEqual([link.closed, host.inventory.size, link.log], [true, 0, []]);
});

test("NET-04 the script's signal breaks the socket off with its reason", async () => {
  const controller = new AbortController();
  const { socket, link } = await connectedUdp({ signal: controller.signal });
  const reason = new TypeError("enough");
  const reading = socket.receive();
  controller.abort(reason);
  await assert.rejects(reading, (error) => error instanceof ParleyError && error.cause === reason);
  await assert.rejects(socket.closed, { code: "NET_ABORTED" });
  assert.equal(link.closed, true);
});
