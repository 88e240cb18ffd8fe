import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { createEngineHost } from "../engine_host.ts";
import { NO_TIMEOUTS } from "../timed_link.ts";
import { listenTcp, type ListenTcpOptions } from "./listen_tcp.ts";
import type { TcpServer } from "./tcp_server.ts";

const RANGE = { from: 32_768, to: 65_535 };

const OPTIONS: ListenTcpOptions = {
  backlog: 7,
  ipv6Only: false,
  noDelay: true,
  keepAliveDelayMs: null,
  signal: new AbortController().signal,
  tls: null,
  tlsRequired: false,
  limits: { maxConnections: 1024, maxPerSource: 64, allowFrom: null },
  timeouts: NO_TIMEOUTS,
  copyWrites: false,
  toFaceError: (error) => error,
  troubleReport: () => () => {},
};

/** A network that picks low ports, and what it was asked for. */
class LowNetwork extends MemoryNetwork {
  readonly asked: number[] = [];
  /** Says of a port that was named whether it can be had. */
  refuse: (port: number) => ParleyError | null = () => null;

  override listenTcp(
    ...[grant, at, how]: Parameters<MemoryNetwork["listenTcp"]>
  ): ReturnType<MemoryNetwork["listenTcp"]> {
    this.asked.push(at.port);
    const refusal = at.port === 0 ? null : this.refuse(at.port);
    if (refusal !== null) return Promise.reject(refusal);
    return super.listenTcp(grant, { ...at, port: at.port === 0 ? 1025 : at.port }, how);
  }
}

function listen(network: LowNetwork, options: Partial<ListenTcpOptions> = {}, port = 0): Promise<TcpServer> {
  const host = createEngineHost(network, new ManualClock());
  return listenTcp(host, testGrant({ scheme: "listen", port }), { ...OPTIONS, pickedPorts: RANGE, ...options });
}

test("DS-21 a port that the system picked outside the range is given back for one of the range", async () => {
  const network = new LowNetwork();
  const server = await listen(network);
  assert.ok(server.local.port >= RANGE.from && server.local.port <= RANGE.to);
  assert.deepEqual(network.asked, [0, server.local.port]);
  const again = await listen(network, {}, 1025);
  assert.equal(again.local.port, 1025);
  await Promise.all([server.close(), again.close()]);
});

test("DS-21 where no port of the range is free, the system's choice stays", async () => {
  const network = new LowNetwork();
  network.refuse = () => new ParleyError("NET_IN_USE", "Cannot listen: the address is in use");
  const server = await listen(network);
  assert.equal(server.local.port, 1025);
  assert.equal(network.asked.length, 9);
  await server.close();
});

test("DS-21 another failure is the server's, and the system's choice is given back", async () => {
  const network = new LowNetwork();
  network.refuse = () => new ParleyError("NET_OS_DENIED", "Cannot listen: not permitted");
  await assert.rejects(listen(network), { code: "NET_OS_DENIED" });
  network.refuse = () => null;
  await (await listen(network, {}, 1025)).close();
});

test("NET-22 an approved port is never changed, and without a range none is", async () => {
  const network = new LowNetwork();
  const named = await listen(network, {}, 80);
  assert.equal(named.local.port, 80);
  const { pickedPorts: _, ...plain } = { ...OPTIONS, pickedPorts: RANGE };
  const host = createEngineHost(network, new ManualClock());
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype["pickedPorts"] = RANGE;
  try {
    const server = await listenTcp(host, testGrant({ scheme: "listen", port: 0 }), plain);
    assert.equal(server.local.port, 1025);
    await server.close();
  } finally {
    delete prototype["pickedPorts"];
  }
  await named.close();
});
