import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { nodeNetError } from "../node/errors.ts";
import { abortable, resolveName } from "./resolve.ts";

const { signal } = new AbortController();

test("NET-24 a name is looked up as absolute: one without a dot does not get a search suffix", async () => {
  await assert.rejects(resolveName("single", { type: null, signal, translate: nodeNetError }), { code: "NET_DNS" });
});

test("a lookup that is aborted rejects at once with the reason as cause", async () => {
  const controller = new AbortController();
  const lookup = resolveName("does-not-exist.invalid", {
    type: "ipv4",
    signal: controller.signal,
    translate: nodeNetError,
  });
  const reason = new TypeError("enough");
  controller.abort(reason);
  await assert.rejects(
    lookup,
    (error: Error & { code: string }) => error.code === "NET_ABORTED" && error.cause === reason,
  );
});

test("abortable leaves no listener behind and hears nothing after the end", async () => {
  const counts = { added: 0, removed: 0 };
  const controller = new AbortController();
  const spied = controller.signal;
  const add = spied.addEventListener.bind(spied);
  const remove = spied.removeEventListener.bind(spied);
  spied.addEventListener = (...args: unknown[]): void => (counts.added++, Reflect.apply(add, spied, args));
  spied.removeEventListener = (...args: unknown[]): void => (counts.removed++, Reflect.apply(remove, spied, args));
  assert.equal(await abortable<number>(spied, (resolve) => resolve(7)), 7);
  await assert.rejects(
    abortable<number>(spied, () => {
      throw new RangeError("at once");
    }),
    RangeError,
  );
  assert.deepEqual(counts, { added: 2, removed: 2 });
  controller.abort();
});
