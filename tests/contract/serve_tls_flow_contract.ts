/** What every real back end must do with the bytes of a connection whose TLS it serves. */
import assert from "node:assert/strict";
import { linkPair } from "../../runtime/memory/memory_link.ts";
import { HeldLink } from "./held_link.ts";
import { collect, echo, MeteredLink, patternBytes, stalled, utf8 } from "./link_tools.ts";
import { rejectsWith } from "./net_contract.ts";
import { sessionOf, type TlsCheck } from "./serve_tls_scene.ts";

const MIB = 1024 * 1024;

/** Registers this part of the suite. */
export function serveTlsFlow(check: TlsCheck): void {
  check("carries 1 MiB both ways at once, unharmed", async ({ met }) => {
    const { client, server } = await met();
    const sent = patternBytes(MIB);
    const serving = echo(server);
    const sending = (async () => {
      for (let at = 0; at < sent.byteLength; at += 100_000) await client.write(sent.subarray(at, at + 100_000));
    })();
    // Not until the end: some cannot answer after the other side has ended.
    for (let got = 0; got < MIB;) {
      const chunk = (await client.readChunk())!;
      assert.ok(chunk.every((byte, i) => byte === sent[got + i]));
      got += chunk.byteLength;
    }
    await sending;
    await client.closeWrite();
    await serving.catch(() => {});
  });

  check(
    "DS-33 ends its own side with close_notify and FIN, and goes on reading",
    async ({ host, plain, serve, secure }) => {
      const { client, server } = await plain();
      const below = new MeteredLink(server);
      const [{ link }, result] = await Promise.all([serve(below), secure(client)]);
      const other = sessionOf(result);
      await link.write(patternBytes(200_001));
      const ended = link.closeWrite();
      assert.equal((await collect(other)).byteLength, 200_001);
      await ended;
      assert.ok(below.writingEnded);
      // Whether the client can still write is about its own TLS, which is the same here.
      if (!host.traits.writesAfterCloseNotify) return;
      await other.write(utf8("after the end"));
      await other.closeWrite();
      assert.equal(new TextDecoder().decode(await collect(link)), "after the end");
    },
  );

  check("DS-25 goes on writing after close_notify, where the runtime can", async ({ host, met }) => {
    const { client, server } = await met();
    await client.write(utf8("question"));
    await client.closeWrite();
    assert.equal(new TextDecoder().decode(await collect(server)), "question");
    const writing = Promise.resolve(server.write(utf8("answer"))).then(() => server.closeWrite());
    if (!host.traits.writesAfterCloseNotify) return await rejectsWith(writing, "NET_CLOSED");
    await writing;
    assert.equal(new TextDecoder().decode(await collect(client)), "answer");
  });

  check("tells a client that was cut off from one that ended, with NET_RESET", async ({ plain, serve, secure }) => {
    const { client, server } = await plain();
    const [{ link }, result] = await Promise.all([serve(server), secure(client)]);
    await sessionOf(result).write(patternBytes(1000));
    let got = 0;
    while (got < 1000) got += (await link.readChunk())!.byteLength;
    await client.closeWrite();
    await rejectsWith(link.readChunk(), "NET_RESET");
  });

  check("finds what came with the client's last flight, and the end after it", async ({ plain, serve, secure }) => {
    const { client, server } = await plain();
    const held = new HeldLink(client);
    const serving = serve(server);
    const early = sessionOf(await secure(held));
    await early.write(utf8("early bird"));
    const ending = early.closeWrite();
    await stalled(() => held.heldBytes);
    await held.release();
    await ending;
    assert.equal(new TextDecoder().decode(await collect((await serving).link)), "early bird");
  });

  for (const kib of [255, 300, 1000]) {
    check(`finds an end that arrived while nobody read (${kib} KiB)`, async ({ met }) => {
      const { client, server } = await met();
      const sending = Promise.resolve(client.write(patternBytes(kib * 1024))).then(() => client.closeWrite());
      await stalled(() => server.bufferedBytes);
      assert.equal((await collect(server)).byteLength, kib * 1024);
      await sending;
    });
  }

  check("NET-03 stops reading from the link below while nobody reads", async ({ plain, serve, secure }) => {
    const total = 24 * MIB;
    const piece = patternBytes(256 * 1024);
    const { client, server } = await plain();
    const below = new MeteredLink(server);
    const [{ link }, result] = await Promise.all([serve(below), secure(client)]);
    const sending = (async () => {
      for (let sent = 0; sent < total; sent += piece.byteLength) await sessionOf(result).write(piece);
      await sessionOf(result).closeWrite();
    })();
    await stalled(() => below.bytesRead);
    assert.ok(below.bytesRead < 4 * MIB, `the server took ${below.bytesRead} bytes`);
    assert.ok(link.bufferedBytes <= 2 * MIB, `the link holds ${link.bufferedBytes} bytes`);
    let got = 0;
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) got += chunk.byteLength;
    await sending;
    assert.equal(got, total);
  });

  check("NET-03 makes a writer wait while the link below takes nothing, then finishes", async (scene) => {
    const total = 24 * MIB;
    const gate = Promise.withResolvers<void>();
    const { client, server } = await scene.plain();
    const below = new MeteredLink(server, { after: MIB, open: gate.promise });
    const [{ link }, result] = await Promise.all([scene.serve(below), scene.secure(client)]);
    const reading = collect(sessionOf(result));
    let written = 0;
    const piece = patternBytes(256 * 1024);
    const writing = (async () => {
      for (; written < total; written += piece.byteLength) await link.write(piece);
      await link.closeWrite();
    })();
    await stalled(() => written);
    assert.ok(written <= 2 * MIB, `the link took ${written} bytes`);
    gate.resolve();
    await writing;
    assert.equal((await reading).byteLength, total);
  });

  check("makes the handshake over a link that is no socket", async ({ serve, secure }) => {
    const ends = { client: { address: "192.0.2.1", port: 1 }, server: { address: "192.0.2.2", port: 2 } };
    const pair = linkPair(ends);
    const [{ link }, result] = await Promise.all([serve(pair.server), secure(pair.client)]);
    assert.deepEqual(link.remote, ends.client);
    await sessionOf(result).write(utf8("hello"));
    assert.equal((await link.readChunk())!.byteLength, 5);
  });
}
