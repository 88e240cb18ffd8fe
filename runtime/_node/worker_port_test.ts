import assert from "node:assert/strict";
import { Worker as NodeWorker } from "node:worker_threads";
import { RUNTIME, test } from "../../tests/support/harness.ts";
import { realmBackend } from "./worker_port.ts";

const PROGRAM = new URL("../../tests/support/realm_worker.ts", import.meta.url);
const backend = realmBackend({ inWorker: false, asks: RUNTIME !== "deno", listensForever: false });
const KINDS = RUNTIME === "node" ? ["node"] as const : ["web", "node"] as const;

for (const kind of KINDS) {
  test(`NET-13 a ${kind} Worker is reached by a port, and its end is noticed`, async () => {
    const worker = kind === "web" ? new Worker(PROGRAM, { type: "module" }) : new NodeWorker(PROGRAM);
    const port = backend.connect(worker);
    // By itself a port keeps nothing alive.
    const release = port.hold();
    const closed = Promise.withResolvers<void>();
    const heard: unknown[] = [];
    const three = Promise.withResolvers<void>();
    port.listen((message) => {
      heard.push(message);
      if (heard.length === 3) three.resolve();
    }, closed.resolve);
    // Sent before the Worker has begun: it waits there, in order.
    for (const text of ["a", "b"]) port.post({ text });
    await three.promise;
    assert.deepEqual(heard, ["ready", { text: "a" }, { text: "b" }]);
    await worker.terminate();
    await closed.promise;
    port.post("to nobody");
    port.close();
    release();
  });
}

test("NET-13 what is no Worker is not connected to", () => {
  for (const wrong of [null, undefined, {}, { postMessage: () => {} }, 7]) {
    assert.throws(() => backend.connect(wrong), { name: "TypeError", message: "Cannot delegate: not a Worker" });
  }
});

test("NET-13 in the main realm there is no port to accept", async () => {
  assert.equal(await backend.accept(), null);
});

test("NET-13 a Worker that was not connected to gets no port, even while another is expected", async () => {
  const silent = new NodeWorker("setInterval(() => {}, 1000)", { eval: true });
  const port = backend.connect(silent);
  port.listen(() => assert.fail("it says nothing"), () => {});
  const other = new NodeWorker(PROGRAM);
  const said = await new Promise((resolve, reject) => other.once("message", resolve).once("error", reject));
  assert.equal(said, "none");
  port.close();
  await Promise.all([silent.terminate(), other.terminate()]);
});
