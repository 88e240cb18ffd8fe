import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { FakeServerNetwork } from "../../../tests/support/fake_listener.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { createEngineHost } from "../engine_host.ts";
import { NO_TIMEOUTS } from "../timed_link.ts";
import { listenTcp, type ListenTcpOptions } from "./listen_tcp.ts";

const IDENTITY = { cert: "cert", key: "key", clientCa: null, alpnProtocols: [] };

function options(given: Partial<ListenTcpOptions> = {}): ListenTcpOptions {
  return {
    backlog: 7,
    ipv6Only: false,
    noDelay: true,
    keepAliveDelayMs: 9000,
    signal: new AbortController().signal,
    tls: null,
    tlsRequired: false,
    limits: { maxConnections: 1024, maxPerSource: 64, allowFrom: null },
    timeouts: NO_TIMEOUTS,
    copyWrites: false,
    toFaceError: (error) => error,
    troubleReport: () => () => {},
    ...given,
  };
}

test("NET-22 a server listens where its grant says, once", async () => {
  const network = new FakeServerNetwork();
  const host = createEngineHost(network, new ManualClock());
  const grant = testGrant({ scheme: "listen", host: "::1", port: 0 });
  const server = await listenTcp(host, grant, options());
  assert.deepEqual(network.listened, [{
    at: { address: "::1", port: 0 },
    options: { backlog: 7, ipv6Only: false, noDelay: true, keepAliveDelayMs: 9000 },
  }]);
  assert.equal(grant.connected, true);
  await assert.rejects(listenTcp(host, grant, options()), { code: "PERM_SPENT" });
  assert.equal(network.listened.length, 1);
  await server.close();
});

test("NET-22 a certificate or key that cannot be used fails before anything listens", async () => {
  const network = new FakeServerNetwork();
  network.refuseIdentity = new ParleyError("TLS_OPTIONS", "Cannot use the certificate: it is none");
  const host = createEngineHost(network, new ManualClock());
  const tls = { identity: IDENTITY, timeoutMs: 10_000 };
  await assert.rejects(listenTcp(host, testGrant({ scheme: "listen" }), options({ tls })), { code: "TLS_OPTIONS" });
  assert.deepEqual(network.listened, []);
});

test("NET-22 IPv6 alone is refused where the runtime would take IPv4 too", async () => {
  const network = new FakeServerNetwork({ gaps: { serverIpv6OnlyIgnored: true } });
  const host = createEngineHost(network, new ManualClock());
  const listening = listenTcp(host, testGrant({ scheme: "listen", host: "::" }), options({ ipv6Only: true }));
  await assert.rejects(listening, { code: "RUNTIME_UNSUPPORTED" });
  assert.deepEqual(network.listened, []);
});

test("NET-22 whatever is aborted or taken back meanwhile does not stay open", async () => {
  for (const by of ["signal", "grant"] as const) {
    const stop = new AbortController();
    const network = new FakeServerNetwork();
    const listen = network.listenTcp.bind(network);
    network.listenTcp = (...args) => {
      stop.abort(new ParleyError("PERM_REVOKED", "Cannot go on: taken back"));
      return listen(...args);
    };
    const host = createEngineHost(network, new ManualClock());
    const grant = testGrant({ scheme: "listen", ...(by === "grant" && { signal: stop.signal }) });
    const given = options(by === "signal" ? { signal: stop.signal } : {});
    await assert.rejects(listenTcp(host, grant, given), { code: "PERM_REVOKED" });
    assert.equal(network.listener.closed, true);
    assert.equal(host.inventory.size, 0);
  }
  const network = new FakeServerNetwork();
  const host = createEngineHost(network, new ManualClock());
  const aborted = listenTcp(host, testGrant({ scheme: "listen" }), options({ signal: AbortSignal.abort("no") }));
  await assert.rejects(aborted, { code: "NET_ABORTED", cause: "no" });
  assert.deepEqual(network.listened, []);
});

test("NET-22 an address in use is told as such", async () => {
  const network = new FakeServerNetwork();
  network.refuseListen = new ParleyError("NET_IN_USE", "Cannot listen: the address is in use");
  const host = createEngineHost(network, new ManualClock());
  await assert.rejects(listenTcp(host, testGrant({ scheme: "listen" }), options()), { code: "NET_IN_USE" });
  assert.equal(host.inventory.size, 0);
});
