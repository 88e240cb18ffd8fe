import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { type TcpServerSocketRequest, toTcpServerSocketRequest } from "./tcp_server_socket_options.ts";

function convert(options: unknown = {}, localAddress: unknown = "127.0.0.1"): TcpServerSocketRequest {
  return toTcpServerSocketRequest({ localAddress, options });
}

for (
  const localAddress of ["", "localhost", "host.example", "127.1", "[::1]", "127.0.0.1:80", "*", null, 1]
) {
  test(`DS-15 localAddress ${JSON.stringify(localAddress)} is a TypeError: it is not an IP address`, () => {
    assert.throws(() => convert({}, localAddress), TypeError);
  });
}

test("DS-15 localAddress is any IP address", () => {
  const seen = ["0.0.0.0", "::", "192.168.0.1", "FE80::1%eth0"].map((address) => convert({}, address).address.text);
  assert.deepEqual(seen, ["0.0.0.0", "::", "192.168.0.1", "fe80::1"]);
});

for (const name of ["localPort", "backlog"]) {
  const over = name === "localPort" ? 65536 : 2 ** 32;
  for (const value of [0, 0.9, -1, over, NaN, Infinity, null, "x", 1n]) {
    test(`DS-03 DS-15 ${name} ${typeof value} ${value} is a TypeError`, () => {
      assert.throws(() => convert({ [name]: value }), TypeError);
    });
  }
}

test("DS-15 localPort is 1 to 65535, or absent for one that is picked", () => {
  assert.deepEqual([1, 65535, "80", 80.9, undefined].map((localPort) => convert({ localPort }).port), [
    1,
    65535,
    80,
    80,
    0,
  ]);
});

test("DS-15 backlog is at least 1; what no system keeps counts as 65535", () => {
  const seen = [1, 65535, 65536, 2 ** 32 - 1, undefined].map((backlog) => convert({ backlog }).backlog);
  assert.deepEqual(seen, [1, 65535, 65535, 65535, 128]);
});

test("DS-15 ipv6Only true goes with :: and what equals it alone; false goes with all", () => {
  for (const address of ["0.0.0.0", "127.0.0.1", "::1", "::ffff:0.0.0.0"]) {
    assert.throws(() => convert({ ipv6Only: true }, address), TypeError);
    assert.equal(convert({ ipv6Only: false }, address).ipv6Only, false);
  }
  for (const address of ["::", "0:0:0:0:0:0:0:0", "0::0"]) {
    assert.deepEqual([true, false, undefined].map((ipv6Only) => convert({ ipv6Only }, address).ipv6Only), [
      true,
      false,
      false,
    ]);
  }
});

test("DS-08 the address is converted first, then the members by name; then the draft's order counts", () => {
  const read: string[] = [];
  const properties = ["localPort", "backlog", "ipv6Only"].map((name) => [name, { get: () => void read.push(name) }]);
  const traced = Object.defineProperties({}, Object.fromEntries(properties));
  assert.throws(() => convert(traced, Symbol("address")), TypeError);
  assert.deepEqual(read, []);
  assert.throws(() => convert(traced, "nonsense"), /localAddress/);
  assert.deepEqual(read, ["backlog", "ipv6Only", "localPort"]);
  const all = { localPort: 0, backlog: 0, ipv6Only: true };
  assert.throws(() => convert(all), /localPort/);
  assert.throws(() => convert({ ...all, localPort: 1 }), /backlog/);
  assert.throws(() => convert({ ...all, localPort: 1, backlog: 1 }), /ipv6Only/);
});

test("DS-02 options may be absent or null, and otherwise are an object", () => {
  for (const options of [undefined, null, {}, () => {}]) assert.equal(convert(options).port, 0);
  for (const options of ["text", 1, true, Symbol("s")]) assert.throws(() => convert(options), /not an object/);
});
