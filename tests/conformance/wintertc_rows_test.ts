/** Where the WinterTC Sockets API differs from its text on purpose. */
import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { SocketError } from "../../net/faces/wintertc/mod.ts";
import { ONCE } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { ADDRESS, makeFaces, PORT, reasonOf } from "./faces.ts";
import { withPollution } from "./pollution.ts";

const DESTINATION = { hostname: "host.example", port: PORT };

test("WT-01 connect() itself throws for a malformed address, at once", () => {
  const { winterTc, questions } = makeFaces();
  for (const address of ["", "host.example", "host.example:65536", { hostname: "", port: PORT }, { port: PORT }]) {
    assert.throws(() => winterTc.connect(address as never), SocketError);
  }
  assert.deepEqual(questions, []);
});

test("WT-03 deviates: a port out of range is a TypeError, and no other port", () => {
  const { winterTc, questions } = makeFaces();
  for (const port of [65536 + PORT, -1, NaN]) {
    assert.throws(() => winterTc.connect({ ...DESTINATION, port }), TypeError);
  }
  assert.deepEqual(questions, []);
});

test("WT-04 deviates: what stands on Object.prototype is no option", async () => {
  const { winterTc, questions } = makeFaces([ONCE]);
  await withPollution({ secureTransport: "on", sni: "other.example", allowHalfOpen: true }, async () => {
    await using socket = winterTc.connect(DESTINATION, {});
    await socket.opened;
  });
  assert.equal(questions[0]?.descriptor.tls, null);
});

test("WT-11 deviates: a reset rejects closed", async () => {
  const { winterTc, network } = makeFaces([ONCE]);
  network.listen({ address: ADDRESS, port: PORT }, (link) => link.reset());
  const socket = winterTc.connect(DESTINATION);
  const error = await reasonOf(socket.readable.getReader().read());
  assert.ok(error instanceof SocketError);
  assert.equal(await reasonOf(socket.closed), error);
});

test("WT-12 deviates: a socket of kind starttls is cut off in plaintext after 4 KiB or 10 s", async () => {
  for (const limit of ["bytes", "time"]) {
    const { winterTc, clock } = makeFaces([ONCE]);
    const socket = winterTc.connect(DESTINATION, { secureTransport: "starttls" });
    await socket.opened;
    const reading = reasonOf(socket.readable.getReader().read());
    const writer = socket.writable.getWriter();
    if (limit === "time") await clock.advance(10_000);
    const { cause } = await reasonOf(writer.write(new Uint8Array(4097)));
    assert.equal(cause instanceof ParleyError ? cause.code : cause, "TLS_REQUIRED", limit);
    assert.ok(await reading instanceof SocketError, limit);
  }
});

test("WT-19 deviates: readable is a byte stream", async () => {
  const { winterTc } = makeFaces([ONCE]);
  await using socket = winterTc.connect(DESTINATION);
  await socket.writable.getWriter().write("hello");
  const { value } = await socket.readable.getReader({ mode: "byob" }).read(new Uint8Array(3));
  assert.equal(new TextDecoder().decode(value), "hel");
});
