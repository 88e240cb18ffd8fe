import assert from "node:assert/strict";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink } from "../../net/port.ts";
import type { LinkListener, ListenOptions } from "../../net/server_port.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import { settled } from "../../tests/support/approving_host.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import { createFaultPlan } from "./faults.ts";
import { MemoryNetwork } from "./net.ts";

const grant = testGrant();
const { signal } = new AbortController();
const settings = { backlog: 4, ipv6Only: false, noDelay: true, keepAliveDelayMs: null };

function listen(
  net: MemoryNetwork,
  text: string,
  { port = 0, ...options }: Partial<ListenOptions> & { readonly port?: number } = {},
): Promise<LinkListener> {
  return net.listenTcp(grant, { address: parseIpAddress(text)!, port }, { ...settings, ...options });
}

function dial(net: MemoryNetwork, text: string, port: number, until: AbortSignal = signal): Promise<ByteLink> {
  return net.connect(grant, { address: parseIpAddress(text)!, port }, { ...settings, signal: until });
}

/** A listener with a backlog of 1 on which one connection waits, and somebody who got no further. */
async function crowded(net = new MemoryNetwork(), until: AbortSignal = signal): Promise<{
  readonly listener: LinkListener;
  readonly inside: ByteLink;
  readonly outside: Promise<ByteLink>;
}> {
  const listener = await listen(net, "127.0.0.1", { port: 80, backlog: 1 });
  const inside = await dial(net, "127.0.0.1", 80);
  let outsideStill = true;
  const outside = dial(net, "127.0.0.1", 80, until);
  outside.catch(() => {}).finally(() => outsideStill = false);
  await settled();
  assert.ok(outsideStill, "the backlog has no end");
  return { listener, inside, outside };
}

test("NET-22 picks ports from 49152 on, and each again once it is free", async () => {
  const net = new MemoryNetwork();
  const first = await listen(net, "127.0.0.1");
  const second = await listen(net, "127.0.0.1");
  assert.deepEqual([first.local.port, second.local.port], [49_152, 49_153]);
  first.close();
  assert.equal((await listen(net, "127.0.0.1")).local.port, 49_152);
});

test("NET-22 takes an unspecified address for loopback, and for itself", async () => {
  const net = new MemoryNetwork();
  const { local } = await listen(net, "::", { port: 80 });
  for (const text of ["::", "::1", "0.0.0.0", "127.0.0.1"]) {
    assert.deepEqual((await dial(net, text, 80)).remote, { address: text, port: 80 });
    await assert.rejects(listen(net, text, { port: 80 }), { code: "NET_IN_USE" });
  }
  assert.deepEqual(local, { address: "::", port: 80 });
  await assert.rejects(dial(net, "192.0.2.1", 80), { code: "NET_REFUSED" });
});

test("NET-22 leaves IPv4 alone with ipv6Only, so that another can have it", async () => {
  const net = new MemoryNetwork();
  await listen(net, "::", { port: 80, ipv6Only: true });
  await assert.rejects(dial(net, "127.0.0.1", 80), { code: "NET_REFUSED" });
  assert.equal((await listen(net, "0.0.0.0", { port: 80 })).local.port, 80);
});

test("NET-22 lets any other address be served, and keeps two listeners apart", async () => {
  const net = new MemoryNetwork();
  const [one, two] = [await listen(net, "192.0.2.1", { port: 25 }), await listen(net, "192.0.2.2", { port: 25 })];
  const client = await dial(net, "192.0.2.2", 25);
  const server = await two.accept();
  await client.write(Uint8Array.of(7));
  assert.deepEqual([...(await server!.readChunk())!], [7]);
  one.close();
  assert.equal(await one.accept(), null);
});

test("NET-22 takes no address where a service of the network's own is, by whatever address it asks", async () => {
  const net = new MemoryNetwork();
  const at = { address: "127.0.0.1", port: 49_152 };
  net.listen(at, (link) => link.write(Uint8Array.of(5)));
  for (const text of ["127.0.0.1", "0.0.0.0", "::"]) {
    await assert.rejects(listen(net, text, { port: at.port }), { code: "NET_IN_USE" });
  }
  const picked = await listen(net, "127.0.0.1");
  assert.equal(picked.local.port, 49_153);
  assert.deepEqual([...(await (await dial(net, at.address, at.port)).readChunk())!], [5]);
  net.unlisten(at);
  assert.equal((await listen(net, "127.0.0.1", { port: at.port })).local.port, at.port);
});

test("leaves a service that replaced a listener where it is when that is closed", async () => {
  const net = new MemoryNetwork();
  const listener = await listen(net, "127.0.0.1", { port: 80 });
  net.listen(listener.local, (link) => link.write(Uint8Array.of(5)));
  listener.close();
  assert.deepEqual([...(await (await dial(net, "127.0.0.1", 80)).readChunk())!], [5]);
});

test("DS-62 connects who comes when the backlog is full once another was accepted, in order", async () => {
  const net = new MemoryNetwork();
  const { listener, inside, outside } = await crowded(net);
  const last = dial(net, "127.0.0.1", 80);
  assert.deepEqual((await listener.accept())!.remote, inside.local);
  const second = await outside;
  assert.deepEqual((await listener.accept())!.remote, second.local);
  assert.deepEqual((await listener.accept())!.remote, (await last).local);
  const pending = listener.accept();
  const direct = await dial(net, "127.0.0.1", 80);
  assert.deepEqual((await pending)!.remote, direct.local);
  await dial(net, "127.0.0.1", 80);
  assert.equal(listener.overflowed, 0);
});

test("DS-61 refuses who comes when the backlog is full once the listener is closed, and breaks off who waits", async () => {
  const { listener, inside, outside } = await crowded();
  listener.close();
  await assert.rejects(outside, { code: "NET_REFUSED", message: /127\.0\.0\.1:80: the listener was closed/ });
  await assert.rejects(inside.readChunk(), { code: "NET_RESET" });
  assert.equal(await listener.accept(), null);
});

test("NET-04 lets go of who comes when the backlog is full once its signal fires", async () => {
  const controller = new AbortController();
  const net = new MemoryNetwork();
  const { listener, inside, outside } = await crowded(net, controller.signal);
  const behind = dial(net, "127.0.0.1", 80);
  const reason = new TypeError("mine");
  controller.abort(reason);
  await assert.rejects(outside, (error: Error) => error.cause === reason);
  assert.deepEqual((await listener.accept())!.remote, inside.local);
  assert.deepEqual((await listener.accept())!.remote, (await behind).local);
});

test("puts faults on a connection that had to wait, too", async () => {
  const faults = createFaultPlan({ reset: 1, afterBytes: [0, 0] }, new ManualClock());
  const { listener, outside } = await crowded(new MemoryNetwork({ faults }));
  await listener.accept();
  await assert.rejects((await outside).readChunk(), { code: "NET_RESET" });
});

test("keeps the backlog of a path, which is the address of both ends", async () => {
  const net = new MemoryNetwork();
  const path = "/run/test.sock";
  const listener = await net.listenPath(grant, path, { backlog: 1 });
  await assert.rejects(net.listenPath(grant, path, { backlog: 1 }), { code: "NET_IN_USE" });
  const client = await net.connectPath(grant, path, { signal });
  const next = net.connectPath(grant, path, { signal });
  const server = (await listener.accept())!;
  for (const end of [client.local, client.remote, server.local, server.remote, listener.local]) {
    assert.deepEqual(end, { address: path, port: 0 });
  }
  await next;
  const refused = assert.rejects(net.connectPath(grant, path, { signal }), { code: "NET_REFUSED" });
  listener.close();
  await refused;
});
