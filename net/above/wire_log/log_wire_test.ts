import assert from "node:assert/strict";
import fc from "fast-check";
import { type ByteLink, createTestHost, type ManualClock, memoryTlsServer } from "../../../testing.ts";
import { test } from "../../../tests/support/harness.ts";
import type { TCPSocket } from "../../faces/raw_sockets/tcp_socket.ts";
import { type LoggedStreams, logWire, type WireLogOptions } from "./log_wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

interface Wire extends LoggedStreams {
  readonly socket: TCPSocket;
  readonly server: ByteLink;
  readonly clock: ManualClock;
  readonly lines: string[];
}

const SERVER = { address: "93.184.215.14", port: 25 };

/** A connection in memory with a log on it. */
async function wire(
  options: Partial<WireLogOptions> = {},
  secureTransport: "off" | "starttls" = "off",
): Promise<Wire> {
  const { navigator, network, clock } = createTestHost({ allow: ["mail.example:25"] });
  network.addName("mail.example", SERVER.address);
  const accepted = Promise.withResolvers<ByteLink>();
  network.listen(SERVER, (link) => {
    accepted.resolve(link);
    return new Promise(() => {});
  });
  const socket = await navigator.openTCPSocket({
    remoteAddress: "mail.example",
    remotePort: 25,
    secureTransport,
  });
  const lines: string[] = [];
  const logged = logWire(socket, { write: (line) => void lines.push(line), clock, ...options });
  return { socket, server: await accepted.promise, clock, lines, ...logged };
}

async function text(link: ByteLink): Promise<string> {
  return new TextDecoder().decode(await link.readChunk() ?? undefined);
}

/** The lines for chunks that are sent, without their times. */
async function sent(chunks: readonly (string | number[])[], options?: Partial<WireLogOptions>): Promise<string[]> {
  const { readable, writable, server, lines, socket } = await wire(options);
  const writer = writable.getWriter();
  for (const chunk of chunks) {
    const bytes = typeof chunk === "string" ? utf8(chunk) : new Uint8Array(chunk);
    await writer.write(bytes);
    if (bytes.byteLength > 0) assert.deepEqual(await server.readChunk(), bytes);
  }
  await writer.close();
  await readable.cancel();
  await socket.close();
  return lines.map((line) => line.slice("2026-01-01T00:00:00.000Z ".length));
}

test("CON-11 a line for each chunk says when, which way, how many bytes, and what", async () => {
  const { readable, writable, server, clock, lines, socket, release } = await wire();
  await server.write(utf8("220 ready\r\n"));
  const reader = readable.getReader();
  await reader.read();
  await clock.advance(1500);
  await writable.getWriter().write(utf8("AUTH PLAIN AGJvYgBodW50ZXIy\r\n"));
  await clock.advance(86_400_000);
  await server.write(utf8("!"));
  await reader.read();
  assert.deepEqual(lines, [
    "2026-01-01T00:00:00.000Z < 11 bytes: 220 ready\\u{d}\\u{a}",
    "2026-01-01T00:00:01.500Z > 29 bytes: AUTH PLAIN [hidden]\\u{d}\\u{a}",
    "2026-01-02T00:00:01.500Z < 1 byte: [hidden]",
  ]);
  await reader.cancel();
  release();
  await socket.close();
});

test("CON-11 neither side can add a line or steer a terminal: a line is printable ASCII", async () => {
  const lines = await sent([
    "a\n2026-01-01T00:00:00.000Z < 3 bytes: ok\r\n",
    "\u202eevil\u2066 \u2028 \u200b e\u0301\u0301 é 日本 \u{1f600} \ue000\n",
    "\\u{a} \\x0a\n",
    "tab\there\n",
    "\x1b[2J\x1b]0;owned\x07\n",
  ]);
  assert.deepEqual(lines, [
    "> 42 bytes: a\\u{a}2026-01-01T00:00:00.000Z < 3 bytes: ok\\u{d}\\u{a}",
    "> 44 bytes: \\u{202e}evil\\u{2066} \\u{2028} \\u{200b} e\\u{301}\\u{301} \\u{e9} \\u{65e5}\\u{672c} \\u{1f600} " +
    "\\u{e000}\\u{a}",
    "> 11 bytes: \\u{5c}u{a} \\x0a\\u{a}",
    "> 9 bytes: tab\\u{9}here\\u{a}",
    "> 15 bytes, not shown",
  ]);
});

test("CON-11 whatever passes, each line is printable ASCII and of bounded length", async () => {
  const chunk = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: "binary", maxLength: 40 }).map(utf8));
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 5 }), async (chunks) => {
      for (const line of await sent(chunks.map((each) => [...each]), { maxBytes: 16 })) {
        assert.match(line, /^> \d+ bytes?(?:, not shown|: [\x20-\x7e]+)?$/);
        assert.ok(line.length < 30 + 16 * 16, line);
      }
    }),
    { numRuns: 60 },
  );
});

test("CON-11 shows 256 bytes of a chunk, or as many as asked for", async () => {
  const text = `${"word ".repeat(100)}\n`;
  assert.deepEqual(await sent([text]), [`> 501 bytes: ${text.slice(0, 256)}...`]);
  assert.deepEqual(await sent([text, ""], { maxBytes: 5 }), ["> 501 bytes: word ...", "> 0 bytes"]);
  assert.deepEqual(await sent([text], { maxBytes: 65_536 }), [`> 501 bytes: ${text.slice(0, -1)}\\u{a}`]);
});

test("CON-11 shows sizes only where asked, and where something passed that is no text", async () => {
  assert.deepEqual(await sent(["PASS hunter2\r\n", "x"], { content: "sizes" }), ["> 14 bytes", "> 1 byte"]);
  // An MQTT CONNECT, its user name and its password.
  assert.deepEqual(await sent(["hello\n", [0x10, 28, 0, 4], "MQTT", "hunter2\n"]), [
    "> 6 bytes: hello\\u{a}",
    "> 4 bytes, not shown",
    "> 4 bytes, not shown",
    "> 8 bytes, not shown",
  ]);
});

test("NET-03 bytes pass unchanged both ways, with and without the reader's own buffer", async () => {
  const { readable, writable, server, socket, lines } = await wire();
  const input = Array.from({ length: 3000 }, (_, index) => index * 7 % 256);
  const echo = (async () => {
    for (let chunk = await server.readChunk(); chunk !== null; chunk = await server.readChunk()) {
      await server.write(chunk);
    }
    await server.closeWrite();
  })();
  const writer = writable.getWriter();
  const writing = (async () => {
    for (let at = 0; at < input.length; at += 100) await writer.write(new Uint8Array(input.slice(at, at + 100)));
    await writer.close();
  })();
  const output: number[] = [];
  const byob = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(64);
  while (output.length < 1500) {
    const { value } = await byob.read(new Uint8Array(buffer));
    output.push(...value ?? []);
    buffer = value?.buffer ?? new ArrayBuffer(64);
    assert.equal(buffer.byteLength, 64);
  }
  byob.releaseLock();
  for await (const chunk of readable) output.push(...chunk);
  await Promise.all([writing, echo]);
  assert.deepEqual(output, input);
  const count = (direction: string): number =>
    lines.map((line) => line.split(" ")).filter((words) => words[1] === direction)
      .reduce((sum, words) => sum + Number(words[2]), 0);
  assert.deepEqual([count("<"), count(">")], [3000, 3000]);
  assert.deepEqual([socket.readable.locked, socket.writable.locked], [false, false]);
  await socket.close();
});

test("NET-03 a connection whose log is not read stops the peer, as without one", async () => {
  const { server, readable, socket, release } = await wire();
  let written = 0;
  const flood = (async () => {
    for (;;) {
      await server.write(new Uint8Array(64 * 1024));
      written++;
    }
  })().catch(() => {});
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  const stopped = written;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(written, stopped);
  await readable.cancel();
  release();
  await socket.close();
  await flood;
});

test("NET-04 a reset by the peer fails both logged streams", async () => {
  const { readable, writable, server, socket } = await wire();
  const pending = assert.rejects(readable.getReader().read());
  const closed = assert.rejects(writable.getWriter().closed);
  server.reset();
  await Promise.all([pending, closed]);
  await socket.close().catch(() => {});
  await socket.closed.catch(() => {});
});

test("NET-06 release() gives the connection back for an upgrade, but not while something is under way", async () => {
  const { socket, readable, writable, server, release, lines, clock } = await wire({}, "starttls");
  const reader = readable.getReader();
  const writer = writable.getWriter();
  await writer.write(utf8("STARTTLS\r\n"));
  assert.equal(await text(server), "STARTTLS\r\n");
  const reading = reader.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.throws(release, TypeError);
  await server.write(utf8("220 go\r\n"));
  await reading;
  await assert.rejects(socket.startTls(), { name: "InvalidStateError" });
  const closed = [assert.rejects(reader.closed, TypeError), assert.rejects(writer.closed, TypeError)];
  release();
  await Promise.all(closed);
  release();
  const peer = memoryTlsServer(server, { names: ["mail.example"], authority: "public" });
  await using secure = await socket.startTls();
  const logged = logWire(secure, { write: (line) => void lines.push(line), clock });
  await logged.writable.getWriter().write(utf8("EHLO client.example\r\n"));
  assert.equal(await text(await peer), "EHLO client.example\r\n");
  assert.deepEqual(lines.map((line) => line.slice(25)), [
    "> 10 bytes: STARTTLS\\u{d}\\u{a}",
    "< 8 bytes: 220 go\\u{d}\\u{a}",
    "> 21 bytes: EHLO client.example\\u{d}\\u{a}",
  ]);
});

test("CON-11 what write() throws ends the stream: nothing passes unlogged", async () => {
  const { writable, readable, server, socket } = await wire({
    write() {
      throw new RangeError("disk full");
    },
  });
  await assert.rejects(writable.getWriter().write(utf8("a")), { message: "disk full" });
  assert.equal(await server.readChunk(), null);
  await server.write(utf8("b"));
  await assert.rejects(readable.getReader().read(), { message: "disk full" });
  await socket.close().catch(() => {});
});

test("CON-11 the time is the system's where no clock is given", async () => {
  const { readable, writable } = new TransformStream<Bytes, Bytes>();
  const lines: string[] = [];
  const logged = logWire({ readable, writable: writable as WritableStream<BufferSource> }, {
    write: (line) => void lines.push(line),
  });
  void logged.writable.getWriter().write(utf8("a\n"));
  await logged.readable.getReader().read();
  const times = lines.map((line) => Date.parse(line.split(" ")[0] ?? ""));
  assert.equal(times.length, 2);
  for (const time of times) assert.ok(Math.abs(time - Date.now()) < 60_000);
});

test("CON-11 refuses options that it cannot use, and locked streams, without locking any", () => {
  const { readable, writable } = new TransformStream<Bytes, Bytes>();
  const streams = { readable, writable: writable as WritableStream<BufferSource> };
  const write = (): void => {};
  for (
    const options of [undefined, {}, { write: 1 }, { write, content: "all" }, { write, content: "plain" }, {
      write,
      clock: {},
    }]
  ) {
    assert.throws(() => logWire(streams, options as never), TypeError);
  }
  for (const maxBytes of [0, 65_537, 1.5, NaN, "9", null]) {
    assert.throws(() => logWire(streams, { write, maxBytes } as never), RangeError);
  }
  const writer = writable.getWriter();
  assert.throws(() => logWire(streams, { write }), TypeError);
  assert.equal(readable.locked, false);
  writer.releaseLock();
});

test("CORE-01 the log's lines are the same after Object.prototype was polluted", async () => {
  const chunks = ["AUTH PLAIN AGJvYgBodW50ZXIy\r\n", `{"password":"hunter2"} ${"x ".repeat(200)}\n`, "é\n"];
  const before = await sent(chunks);
  const own: Record<string, unknown> = {
    maxBytes: 1,
    content: "sizes",
    clock: null,
    lines: 0,
    exchange: "ends",
    newlines: "keep",
    maxLength: 1,
    ignoreBOM: false,
    fatal: false,
    stream: false,
    indices: null,
    lastIndex: 5,
    from: 9,
    rules: [],
    most: 1,
  };
  const pollution = Object.prototype as Record<string, unknown>;
  for (const [name, value] of Object.entries(own)) pollution[name] = value;
  try {
    assert.deepEqual(await sent(chunks), before);
  } finally {
    for (const name of Object.keys(own)) delete pollution[name];
  }
});
