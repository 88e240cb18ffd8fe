/** Where Direct Sockets differ from their draft on purpose, and rows that no other test shows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { TCPSocket as exported } from "../../net/direct_sockets.ts";
import type { TCPSocket } from "../../net/faces/direct_sockets/mod.ts";
import type { ByteLink } from "../../net/port.ts";
import { PIPE_BYTES } from "../../runtime/memory/pipe.ts";
import { listenTcp } from "../contract/node_host.ts";
import { nativeBackend, nativeGaps } from "../contract/native_backend.ts";
import { ONCE, RUN } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { testGrant } from "../support/test_grant.ts";
import { ADDRESS, type Faces, makeFaces, PORT, reasonOf } from "./faces.ts";
import { withPollution } from "./pollution.ts";

async function opened(faces: Faces = makeFaces([ONCE])): Promise<TCPSocket> {
  const socket = new faces.directSockets.TCPSocket("host.example", PORT);
  await socket.opened;
  return socket;
}

/** A socket, and the far end of its connection in the test's hand. */
async function connected(): Promise<{ readonly socket: TCPSocket; readonly peer: ByteLink }> {
  const faces = makeFaces([ONCE]);
  const accepted = Promise.withResolvers<ByteLink>();
  // The connection is over when the service ends: not before the test.
  faces.network.listen({ address: ADDRESS, port: PORT }, (link) => {
    accepted.resolve(link);
    return new Promise(() => {});
  });
  return { socket: await opened(faces), peer: await accepted.promise };
}

test("DS-01 deviates: the classes are exports, and none is put on globalThis", () => {
  assert.equal(typeof exported, "function");
  for (const name of ["TCPSocket", "UDPSocket", "TCPServerSocket", "MulticastController"]) {
    assert.equal(name in globalThis, false, name);
  }
});

test("DS-02 deviates: what stands on Object.prototype is no option", async () => {
  const faces = makeFaces([ONCE]);
  await withPollution({ noDelay: true, dnsQueryType: "other", sendBufferSize: 0 }, async () => {
    await (await opened(faces)).close();
  });
  assert.equal(faces.network.connects[0]?.noDelay, false);
});

/** Seconds until the system probes the connection between these ports, as Linux tells; null without keep-alive. */
function keepAliveSeconds(localPort: number, remotePort: number): number | null {
  const suffix = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/self/net/tcp", "utf8").split("\n").map((line) => line.trim().split(/\s+/));
  // Another connection of this machine may have the same local port.
  const timer =
    rows.find(([, local, remote]) => local?.endsWith(suffix(localPort)) && remote?.endsWith(suffix(remotePort)))?.[5] ??
      "";
  const [kind, ticks = ""] = timer.split(":");
  return kind === "02" ? parseInt(ticks, 16) / 100 : null;
}

async function keepAliveOf(keepAliveDelayMs: number | null): Promise<number | null> {
  const net = await nativeBackend();
  const server = await listenTcp((link) => link.readChunk().then(() => {}));
  const signal = new AbortController().signal;
  const link = await net.connect(testGrant(), server, { signal, noDelay: false, keepAliveDelayMs });
  try {
    return keepAliveSeconds(link.local.port, link.remote.port);
  } finally {
    link.close();
    await server.stop();
  }
}

const notLinux = process.platform === "linux" ? null : "only Linux tells the timers of its sockets";

test("DS-05 keep-alive is off when it is not asked for", async () => {
  assert.equal(await keepAliveOf(null), null);
}, { skip: notLinux });

if (nativeGaps.keepAliveDelayIgnored) {
  test("DS-05 deviates: keep-alive is turned on with the system's own delay", async () => {
    assert.ok((await keepAliveOf(41_000) ?? 0) > 60);
  }, { skip: notLinux });
} else {
  test("DS-05 keepAliveDelay is the silence before the first probe", async () => {
    const seconds = await keepAliveOf(41_000) ?? 0;
    assert.ok(seconds > 39 && seconds < 42, String(seconds));
  }, { skip: notLinux });
}

test("DS-06 deviates: buffer sizes are checked, and nothing asks the system for them", async () => {
  const { directSockets, network } = makeFaces([ONCE]);
  const options = { sendBufferSize: 4096, receiveBufferSize: 8192 };
  const socket = new directSockets.TCPSocket("host.example", PORT, options);
  await socket.opened;
  assert.doesNotMatch(JSON.stringify(network.connects[0]), /buffer|4096|8192/i);
  await socket.close();
});

test("DS-07 deviates: where the operator refuses, the promises reject and the constructor does not throw", async () => {
  const { directSockets, network } = makeFaces([]);
  const socket = new directSockets.TCPSocket("host.example", PORT);
  assert.equal((await reasonOf(socket.opened)).name, "NotAllowedError");
  assert.equal((await reasonOf(socket.closed)).name, "NotAllowedError");
  assert.deepEqual(network.log, []);
});

test("DS-26 deviates: a failed read ends writable and closed, though nothing was written", async () => {
  const faces = makeFaces([ONCE]);
  faces.network.listen({ address: ADDRESS, port: PORT }, (link) => link.reset());
  const socket = await opened(faces);
  const { readable, writable } = await socket.opened;
  const reading = readable.getReader().read();
  assert.equal((await reasonOf(socket.closed)).name, "NetworkError");
  assert.equal((await reasonOf(writable.getWriter().closed)).name, "NetworkError");
  await assert.rejects(reading, { name: "NetworkError" });
});

test("DS-29 the size of a reader's buffer is what is asked of the system", async () => {
  const faces = makeFaces([ONCE]);
  const socket = await opened(faces);
  const asked: number[] = [];
  const link = faces.network.links[0];
  assert.ok(link);
  const read = link.read.bind(link);
  link.read = (view) => {
    asked.push(view.byteLength);
    return read(view);
  };
  const { readable, writable } = await socket.opened;
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(100));
  const reader = readable.getReader({ mode: "byob" });
  await reader.read(new Uint8Array(10));
  await reader.read(new Uint8Array(new ArrayBuffer(64), 8, 23));
  assert.deepEqual(asked, [10, 23]);
  writer.releaseLock();
  reader.releaseLock();
  await socket.close();
});

test("DS-32 writes reach the far end one after another, each settled before the next is taken", async () => {
  const { socket, peer } = await connected();
  const { writable } = await socket.opened;
  const writer = writable.getWriter();
  const settled: number[] = [];
  const writes = [1, 2, 3].map((value) =>
    writer.write(new Uint8Array(2 * PIPE_BYTES).fill(value)).then(() => void settled.push(value))
  );
  const seen: number[] = [];
  for (let left = 6 * PIPE_BYTES; left > 0;) {
    const chunk = await peer.readChunk();
    assert.ok(chunk);
    left -= chunk.byteLength;
    if (chunk.some((value) => value !== seen.at(-1))) seen.push(...new Set(chunk));
    assert.ok(settled.length <= (seen.at(-1) ?? 0));
  }
  await Promise.all(writes);
  assert.deepEqual([...new Set(seen)], [1, 2, 3]);
  assert.deepEqual(settled, [1, 2, 3]);
  writer.releaseLock();
  await socket.close();
});

test("DS-34 the far end of an aborted writable sees the end of what was sent", async () => {
  const { socket, peer } = await connected();
  const { readable, writable } = await socket.opened;
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(3));
  await writer.abort(new RangeError("enough"));
  assert.equal((await peer.readChunk())?.byteLength, 3);
  assert.equal(await peer.readChunk(), null);
  await readable.cancel();
});

test("DS-36 when both directions broke, closed has the error of the one that broke first", async () => {
  const { socket, peer } = await connected();
  const { readable, writable } = await socket.opened;
  const reason = new RangeError("enough");
  await writable.abort(reason);
  const reading = readable.getReader().read();
  peer.reset();
  await assert.rejects(reading, { name: "NetworkError" });
  assert.equal(await reasonOf(socket.closed), reason);
});

test("DS-36 deviates: after abort() without a reason closed rejects with AbortError", async () => {
  const socket = await opened();
  const { readable, writable } = await socket.opened;
  await writable.abort();
  await readable.cancel();
  assert.equal((await reasonOf(socket.closed)).name, "AbortError");
});

test("DS-41 deviates: closed resolves after close(), and later writes reject with AbortError", async () => {
  const socket = await opened();
  const { writable } = await socket.opened;
  await socket.close();
  assert.equal(await socket.closed, undefined);
  assert.equal((await reasonOf(writable.getWriter().write(new Uint8Array(1)))).name, "AbortError");
});

test("DS-42 a socket cannot be transferred", async () => {
  const socket = await opened();
  assert.throws(() => structuredClone(null, { transfer: [socket as never] }));
  await socket.close();
});

test("DS-63 deviates: each destination needs the operator's approval, and no policy stands in for it", async () => {
  const { directSockets, questions, network } = makeFaces([RUN]);
  const first = new directSockets.TCPSocket("host.example", PORT);
  await first.opened;
  await assert.rejects(new directSockets.TCPSocket("other.example", PORT).opened, { name: "NotAllowedError" });
  await assert.rejects(new directSockets.TCPSocket("192.168.0.1", PORT).opened, { name: "NotAllowedError" });
  assert.equal(questions.length, 3);
  assert.equal(network.connects.length, 1);
  await first.close();
});

test("DS-63 sockets end with the approval that they were opened with", async () => {
  const faces = makeFaces([RUN]);
  const socket = await opened(faces);
  faces.broker.revokeAll();
  assert.equal((await reasonOf(socket.closed)).name, "NotAllowedError");
});
