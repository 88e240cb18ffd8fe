import assert from "node:assert/strict";
import { Worker as NodeWorker } from "node:worker_threads";
import { RUNTIME, test } from "../tests/support/harness.ts";

const PROGRAM = new URL("../tests/support/worker_program.ts", import.meta.url);

/** The first message of a Worker of the kind that the runtime's users make. */
function firstMessage(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (RUNTIME === "node") {
      const worker = new NodeWorker(PROGRAM);
      worker.once("message", resolve).once("error", reject);
      return;
    }
    const worker = new Worker(PROGRAM, { type: "module" });
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => reject(event.error ?? event.message);
  });
}

test("NET-13 code in a real Worker is refused, without a question", async () => {
  assert.equal(await firstMessage(), "NotAllowedError");
});
