import assert from "node:assert/strict";
import { type Answer, createTestHost, type TestHost } from "../../testing.ts";
import { test } from "../../tests/support/harness.ts";
import { FEATURES } from "../feature.ts";
import type { PermissionStatus } from "./permission_status.ts";

const WHERE = { remoteAddress: "echo.example", remotePort: 7 } as const;
const ASKED = { name: "direct-sockets", ...WHERE } as const;

function host(lifetime: "once" | "run" | null = "run"): TestHost {
  const answer = (): Answer =>
    lifetime === null ? { kind: "deny", reason: "refused" } : { kind: "allow", lifetime, host: null };
  const made = createTestHost({ answer });
  made.network.addName("echo.example", "93.184.215.14");
  made.network.listen({ address: "93.184.215.14", port: 7 }, async (link) => {
    const buffer = new Uint8Array(64);
    while (await link.read(buffer) > 0);
  });
  return made;
}

function nextChange(status: PermissionStatus): Promise<string> {
  return new Promise((resolve) => {
    status.addEventListener("change", () => resolve(status.state), { once: true });
  });
}

test("CON-13 query asks nobody, for every feature there is", async () => {
  const { permissions, questions, network } = host();
  for (const name of FEATURES.keys()) {
    const status = await permissions.query({ name });
    assert.deepEqual([status.name, status.state], [name, "prompt"]);
  }
  assert.deepEqual([questions.length, network.log.length], [0, 0]);
});

test("CON-13 a destination is granted while one is connected, and change is fired when that is taken back", async () => {
  const { permissions, navigator } = host();
  const status = await permissions.query(ASKED);
  const granted = nextChange(status);
  const socket = await navigator.openTCPSocket(WHERE);
  assert.equal(await granted, "granted");
  const gone = nextChange(status);
  const closed = assert.rejects(socket.closed, { name: "NotAllowedError" });
  assert.equal((await permissions.revoke(ASKED)).state, "prompt");
  assert.equal(await gone, "prompt");
  await closed;
});

test("CON-13 revoking one destination leaves others connected; revoking the feature ends them", async () => {
  const { permissions, navigator } = host();
  const socket = await navigator.openTCPSocket(WHERE);
  await permissions.revoke({ name: "direct-sockets", remoteAddress: "echo.example", remotePort: 8 });
  await permissions.revoke({ name: "listen" });
  const state = async (): Promise<string> => (await permissions.query(ASKED)).state;
  assert.equal(await state(), "granted");
  const closed = assert.rejects(socket.closed, { name: "NotAllowedError" });
  await permissions.revoke({ name: "direct-sockets" });
  await closed;
  assert.equal(await state(), "prompt");
});

test("CON-13 request asks ahead, for the run, and the use is not asked about", async () => {
  const { permissions, navigator, questions } = host();
  assert.equal((await permissions.request(ASKED)).state, "granted");
  await using socket = await navigator.openTCPSocket(WHERE);
  assert.equal(socket.remotePort, 7);
  assert.deepEqual(questions.map(({ lifetimes }) => lifetimes), [["run"]]);
});

test("CON-13 a request that is refused is answered, not rejected, and opens nothing", async () => {
  const { permissions, network } = host(null);
  assert.equal((await permissions.request(ASKED)).state, "prompt");
  assert.deepEqual(network.log, []);
});

test("CON-13 what cannot be asked ahead is said to be so", async () => {
  const { permissions } = host();
  await assert.rejects(permissions.request({ name: "direct-sockets" }), TypeError);
  await assert.rejects(permissions.request({ name: "camera" }), { name: "NotSupportedError" });
});

test("CON-13 a name that is no feature's, or a destination that is none, is a TypeError", async () => {
  const { permissions } = host();
  for (
    const bad of [
      undefined,
      null,
      7,
      {},
      { name: "telepathy" },
      { name: "__proto__" },
      { name: "constructor" },
      { name: "direct-sockets", remoteAddress: "127.1", remotePort: 1 },
      { name: "direct-sockets", remoteAddress: "a.example" },
      { name: "direct-sockets", remotePort: 25 },
      { name: "direct-sockets", remoteAddress: "a.example", remotePort: 0 },
      { name: "direct-sockets", remoteAddress: "a.example", remotePort: 65_536 },
      { name: "direct-sockets", transport: "sctp" },
    ]
  ) {
    await assert.rejects(permissions.query(bad as never), TypeError, JSON.stringify(bad));
  }
  await assert.rejects((permissions.query as () => Promise<unknown>).call(permissions), TypeError);
});

test("CON-13 change is not fired where the state is the same, and once for several changes", async () => {
  const { permissions, navigator, revokeAll } = host();
  const status = await permissions.query(ASKED);
  let heard = 0;
  status.onchange = function (event) {
    assert.equal(this, status);
    assert.equal(event.type, "change");
    heard++;
  };
  const sockets = await Promise.all([navigator.openTCPSocket(WHERE), navigator.openTCPSocket(WHERE)]);
  await Promise.resolve();
  assert.equal(heard, 1);
  for (const socket of sockets) socket.closed.catch(() => {});
  revokeAll();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(heard, 2);
  status.onchange = null;
  await navigator.openTCPSocket(WHERE);
  await Promise.resolve();
  assert.equal(heard, 2);
});

test("CON-13 every query gives a status of its own, and neither class can be constructed", async () => {
  const { permissions } = host();
  const [one, two] = [await permissions.query(ASKED), await permissions.query(ASKED)];
  assert.notEqual(one, two);
  assert.throws(() => new (one.constructor as new () => unknown)(), TypeError);
  assert.throws(() => new (permissions.constructor as new () => unknown)(), TypeError);
});

test("CON-13 CORE-01 what stands on Object.prototype is no descriptor", async () => {
  const { permissions } = host();
  Object.defineProperty(Object.prototype, "name", { value: "direct-sockets", configurable: true });
  try {
    await assert.rejects(permissions.query({} as never), TypeError);
  } finally {
    delete (Object.prototype as { name?: unknown }).name;
  }
});
