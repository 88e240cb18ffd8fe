import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "../../tests/support/harness.ts";
import { nodeNetError } from "../node/errors.ts";
import { abortable, absoluteName, resolveName } from "./resolve.ts";

const { signal } = new AbortController();

test("NET-24 a name is looked up as absolute: one without a dot does not get a search suffix", async () => {
  await assert.rejects(resolveName("single", { type: null, signal, translate: nodeNetError }), { code: "NET_DNS" });
});

test("a lookup that is aborted rejects at once with the reason as cause, though the system's goes on", async () => {
  const controller = new AbortController();
  // In place of the system's lookup, which nobody can cancel: one that never ends.
  const lookup = abortable(controller.signal, () => {});
  const reason = new TypeError("enough");
  controller.abort(reason);
  await assert.rejects(
    lookup,
    (error: Error & { code: string }) => error.code === "NET_ABORTED" && error.cause === reason,
  );
});

test("a lookup is not begun when its signal has fired already", async () => {
  const lookup = resolveName("mail.example", {
    type: null,
    signal: AbortSignal.abort("enough"),
    translate: nodeNetError,
  });
  await assert.rejects(lookup, { code: "NET_ABORTED" });
});

test("abortable leaves no listener behind and hears nothing after the end", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  assert.equal(await abortable<number>(signal, (resolve) => resolve(7)), 7);
  await assert.rejects(
    abortable<number>(signal, () => {
      throw new RangeError("at once");
    }),
    RangeError,
  );
  const pending = abortable(signal, () => {});
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  await assert.rejects(pending);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("NET-24 names become absolute, but for localhost", () => {
  assert.equal(absoluteName("mail.example"), "mail.example.");
  assert.equal(absoluteName("mail.example."), "mail.example.");
  assert.equal(absoluteName("localhost"), "localhost");
  assert.equal(absoluteName("a.localhost"), "a.localhost");
});

test("NET-29 no name server is asked for a name under .local", async () => {
  // Refused before the system's lookup, which would go on though its signal had fired.
  const asked = resolveName("printer.local", { type: null, signal: AbortSignal.abort(), translate: nodeNetError });
  await assert.rejects(asked, { code: "NET_DNS", message: /no name server is asked/ });
});
