import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "../../../tests/support/harness.ts";
import { SocketError } from "./socket_error.ts";
import { toSocketRequest, toUpgradeTls } from "./socket_options.ts";
import { PLAIN_TLS } from "../../tls_options.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----";

function thrownBy(address: unknown, options?: unknown): Error {
  try {
    toSocketRequest(address, options);
  } catch (error) {
    return error as Error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

for (
  const [address, state] of [
    ["", "hostname is missing"],
    [":25", "hostname is missing"],
    ["nohost", "port is missing"],
    ["host.example:", "port is missing"],
    ["127.0.0.1", "port is missing"],
    ["[::1]", "port is missing"],
    ["host.example:65536", "port is not a number"],
    ["host.example:abc", "port is not a number"],
    ["host.example:0", "port is not a number"],
    ["host.example:-1", "port is not a number"],
    ["host.example: 25", "port is not a number"],
    ["host.example:025", "port is not a number"],
    ["a b:1", "Cannot use host"],
    ["user@host.example:1", "Cannot use host"],
    ["host.example/path:1", "Cannot use host"],
    ["tcp://host.example:1", "host:port"],
    ["host.example:1/path", "port is not a number"],
    ["::1:80", "host:port"],
    ["[::1:80", "host:port"],
    ["[host.example]x:80", "Cannot use host"],
    ["127.1:80", "Cannot use host"],
    ["host:80", "Cannot use host"],
    [42, "port is missing"],
  ] as const
) {
  test(`WT-02 connect() throws a SocketError for the address ${JSON.stringify(address)}`, () => {
    const error = thrownBy(address);
    assert.ok(error instanceof SocketError, String(error));
    assert.ok(error.message.includes(state), error.message);
  });
}

test("WT-02 an address is host:port, default ports of other schemes included, and an IPv6 address has brackets", () => {
  const parts = ["mail.example:25", "web.example:80", "web.example:443", "[::1]:80", "EXAMPLE.com.:1", "127.0.0.1:9"]
    .map(
      (text) => {
        const { host, port } = toSocketRequest(text, undefined);
        return [host.text, port];
      },
    );
  assert.deepEqual(parts, [
    ["mail.example", 25],
    ["web.example", 80],
    ["web.example", 443],
    ["::1", 80],
    ["example.com", 1],
    ["127.0.0.1", 9],
  ]);
});

for (
  const address of [
    null,
    undefined,
    {},
    { hostname: "mail.example" },
    { port: 25 },
    { hostname: "", port: 25 },
    { hostname: null, port: 25 },
    { hostname: "mail.example", port: 0 },
    { hostname: "mail.example", port: 70000 },
    { hostname: "mail.example", port: -1 },
    { hostname: "mail.example", port: "x" },
    { hostname: "mail.example:25", port: 25 },
    Symbol("no"),
  ]
) {
  test(`WT-03 connect() throws a TypeError for the address ${inspect(address)}`, () => {
    assert.ok(thrownBy(address) instanceof TypeError);
  });
}

test("WT-03 a port is converted as Web IDL has it, and an IPv6 hostname needs no brackets", () => {
  assert.equal(toSocketRequest({ hostname: "mail.example", port: "7001" }, undefined).port, 7001);
  assert.equal(toSocketRequest({ hostname: "::1", port: 80 }, undefined).where, "[::1]:80");
  assert.equal(toSocketRequest({ hostname: "[::1]", port: 80 }, undefined).where, "[::1]:80");
});

test("WT-04 the defaults: no TLS, no half-open socket", () => {
  const request = toSocketRequest("mail.example:25", undefined);
  assert.equal(request.secureTransport, "off");
  assert.equal(request.allowHalfOpen, false);
  assert.deepEqual({ ...request.tls }, { serverName: null, ca: null, alpnProtocols: [], cert: null, key: null });
});

for (
  const options of [
    { secureTransport: "maybe" },
    { secureTransport: null },
    { secureTransport: "on", alpn: "h2" },
    { secureTransport: "on", alpn: [""] },
    { secureTransport: "on", sni: "" },
    { secureTransport: "on", sni: "127.1" },
    { secureTransport: "on", tls: 5 },
    { secureTransport: "on", tls: { ca: "no" } },
    { secureTransport: "on", tls: { cert: PEM } },
    { secureTransport: "on", tls: { serverName: "other.example" } },
    { signal: {} },
    "options",
  ]
) {
  test(`WT-04 connect() throws a TypeError for the options ${JSON.stringify(options)}`, () => {
    assert.ok(thrownBy("mail.example:25", options) instanceof TypeError);
  });
}

for (
  const options of [{ sni: "mail.example" }, { alpn: ["h2"] }, { tls: { ca: PEM } }, { tls: { cert: PEM, key: KEY } }]
) {
  test(`WT-04 ${JSON.stringify(Object.keys(options))} needs TLS: a SocketError when secureTransport is off`, () => {
    assert.ok(thrownBy("mail.example:25", options) instanceof SocketError);
    for (const secureTransport of ["on", "starttls"]) {
      assert.equal(
        toSocketRequest("mail.example:25", { ...options, secureTransport }).secureTransport,
        secureTransport,
      );
    }
  });
}

test("WT-04 the text's own defaults may be given in so many words", () => {
  const request = toSocketRequest("mail.example:25", { sni: null, alpn: [], allowHalfOpen: 1 });
  assert.equal(request.tls.serverName, null);
  assert.equal(request.allowHalfOpen, true);
});

test("WT-12 startTls() ignores what other runtimes' options hold, and keeps what connect() was given", () => {
  const given = { ...PLAIN_TLS, alpnProtocols: ["imap"] };
  for (const options of [undefined, null, {}, { host: "mail.example", ca: "anything", rejectUnauthorized: false }]) {
    assert.equal(toUpgradeTls(options, given), given);
  }
  assert.deepEqual(toUpgradeTls({ alpn: ["pop3"] }, given).alpnProtocols, ["pop3"]);
});

test("CORE-01 a polluted Object.prototype is neither address nor option", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = {
    hostname: "evil.example",
    port: 1,
    secureTransport: "on",
    sni: "evil.example",
    alpn: ["h2"],
    tls: { ca: PEM },
    ca: PEM,
    serverName: "evil.example",
    signal: AbortSignal.abort(),
    allowHalfOpen: true,
  };
  Object.assign(prototype, names);
  try {
    assert.throws(() => toSocketRequest({}, {}), SocketError);
    const request = toSocketRequest("mail.example:25", {});
    assert.equal(request.secureTransport, "off");
    assert.equal(request.tls.ca, null);
    assert.equal(request.tls.serverName, null);
    assert.equal(request.signal, null);
    assert.equal(request.allowHalfOpen, false);
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});

test("WT-07 a SocketError is a TypeError whose message begins with SocketError", () => {
  const cause = new Error("native");
  const error = new SocketError("connection failed", { cause });
  assert.ok(error instanceof TypeError);
  assert.equal(error.message, "SocketError: connection failed");
  assert.equal(error.cause, cause);
});

test("WT-07 a SocketError prints as the text shows it", () => {
  assert.match(
    inspect(new SocketError("connection failed")),
    /^SocketError \[TypeError\]: SocketError: connection failed/,
  );
});
