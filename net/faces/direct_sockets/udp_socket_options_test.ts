import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { SELF_POLICY } from "./policy.ts";
import {
  type BoundUdpRequest,
  type ConnectedUdpRequest,
  toUdpSocketRequest,
  type UdpSocketRequest,
} from "./udp_socket_options.ts";

const MEMBERS = [
  "dnsQueryType",
  "ipv6Only",
  "localAddress",
  "localPort",
  "multicastAllowAddressSharing",
  "multicastLoopback",
  "multicastTimeToLive",
  "receiveBufferSize",
  "remoteAddress",
  "remotePort",
  "sendBufferSize",
];
const REMOTE = { remoteAddress: "host.example", remotePort: 53 };
const LOCAL = { localAddress: "127.0.0.1" };
const MIB = 1024 * 1024;

function convert(options: unknown): UdpSocketRequest {
  return toUdpSocketRequest(options, SELF_POLICY);
}

function connected(options: object = {}): ConnectedUdpRequest {
  const request = convert({ ...REMOTE, ...options });
  assert.ok(request.mode === "connected");
  return request;
}

function bound(options: object = {}): BoundUdpRequest {
  const request = convert({ ...LOCAL, ...options });
  assert.ok(request.mode === "bound");
  return request;
}

/** Options whose members tell when they are read. */
function traced(values: Record<string, unknown>, read: string[]): object {
  const properties = MEMBERS.map((name) => [name, { get: () => (read.push(name), values[name]) }]);
  return Object.defineProperties({}, Object.fromEntries(properties));
}

for (const name of ["remotePort", "localPort"]) {
  for (const value of [-1, 65536, NaN, Infinity, -Infinity, null, "x", 53n, {}]) {
    test(`DS-03 ${name} ${typeof value} ${value} is a TypeError`, () => {
      const mode = name === "remotePort" ? REMOTE : LOCAL;
      // Null is 0: a local port must not be, and a remote one cannot be reached.
      if (value === null && name === "remotePort") return assert.equal(connected({ remotePort: null }).remotePort, 0);
      assert.throws(() => convert({ ...mode, [name]: value }), TypeError);
    });
  }
}

test("DS-03 ports may be text, and lose what follows the point", () => {
  assert.deepEqual(["53", " 0x35 ", 53.9, [53]].map((remotePort) => connected({ remotePort }).remotePort), [
    53,
    53,
    53,
    53,
  ]);
  assert.equal(bound({ localPort: 65535 }).port, 65535);
});

for (const name of ["sendBufferSize", "receiveBufferSize"] as const) {
  for (const value of [-1, 2 ** 32, NaN, Infinity, null, "x", 1n]) {
    test(`DS-03 DS-06 ${name} ${typeof value} ${value} is a TypeError`, () => {
      for (const mode of [REMOTE, LOCAL]) assert.throws(() => convert({ ...mode, [name]: value }), TypeError);
    });
  }
  test(`DS-06 ${name} is at least 1, and what is over 32 MiB counts as that`, () => {
    for (const mode of [REMOTE, LOCAL]) {
      const sizes = [1, 4096, 32 * MIB, 32 * MIB + 1, 2 ** 32 - 1, undefined].map((size) =>
        convert({ ...mode, [name]: size })[name]
      );
      assert.deepEqual(sizes, [1, 4096, 32 * MIB, 32 * MIB, 32 * MIB, null]);
      assert.throws(() => convert({ ...mode, [name]: 0 }), TypeError);
      assert.throws(() => convert({ ...mode, [name]: 0.9 }), TypeError);
    }
  });
}

test("DS-04 dnsQueryType is ipv4, ipv6 or absent", () => {
  const types = ["ipv4", "ipv6", undefined].map((dnsQueryType) => connected({ dnsQueryType }).dnsQueryType);
  assert.deepEqual(types, ["ipv4", "ipv6", null]);
  for (const dnsQueryType of ["ipv5", "IPv4", "", null, 4]) assert.throws(() => connected({ dnsQueryType }), TypeError);
});

test("DS-08 members are read once each in the order of their names, whatever becomes of them", () => {
  const read: string[] = [];
  assert.throws(() => convert(traced({ localPort: 0 }, read)), TypeError);
  assert.deepEqual(read, MEMBERS);
});

test("DS-09 one of remoteAddress and remotePort is a TypeError; both mean connected mode", () => {
  assert.throws(() => convert({ remoteAddress: "host.example" }), TypeError);
  assert.throws(() => convert({ remotePort: 53 }), TypeError);
  assert.throws(() => convert({ remotePort: 53, ...LOCAL }), TypeError);
  assert.throws(() => convert({ remoteAddress: "host.example", ...LOCAL }), TypeError);
  const { remoteAddress, remotePort, where } = connected();
  assert.deepEqual([remoteAddress, remotePort, where], ["host.example", 53, "host.example:53"]);
  // What the address is worth is found out later (DS-08).
  assert.equal(connected({ remoteAddress: "" }).remoteAddress, "");
  assert.equal(connected({ remoteAddress: null }).remoteAddress, "null");
});

test("DS-10 localPort without localAddress, or 0, is a TypeError", () => {
  assert.throws(() => convert({ localPort: 5000 }), TypeError);
  assert.throws(() => convert({ ...REMOTE, localPort: 5000 }), TypeError);
  assert.throws(() => convert({ ...LOCAL, localPort: 0 }), TypeError);
  assert.throws(() => convert({ ...LOCAL, localPort: 0.9 }), TypeError);
  assert.equal(bound({ localPort: 5000 }).port, 5000);
  assert.equal(bound().port, 0);
});

test("DS-11 localAddress with a remote one is a TypeError; else it means bound mode", () => {
  assert.throws(() => convert({ ...LOCAL, ...REMOTE }), TypeError);
  assert.equal(bound().address.text, "127.0.0.1");
  assert.equal(bound({ localAddress: "FE80::1%eth0" }).address.zone, "eth0");
});

for (
  const localAddress of ["", "localhost", "host.example", "127.1", "0x7f.1", "127.0.0.1:80", "[::1]", " ::1", null]
) {
  test(`DS-11 localAddress ${JSON.stringify(localAddress)} is a TypeError: it is not an IP address`, () => {
    assert.throws(() => convert({ localAddress }), TypeError);
  });
}

test("DS-12 no mode is a TypeError, and so is dnsQueryType in bound mode", () => {
  for (
    const options of [undefined, null, {}, { dnsQueryType: "ipv4" }, { sendBufferSize: 1 }, { multicastLoopback: true }]
  ) {
    assert.throws(() => convert(options), TypeError);
  }
  for (const dnsQueryType of ["ipv4", "ipv6"]) assert.throws(() => bound({ dnsQueryType }), TypeError);
});

test("DS-13 ipv6Only is a TypeError in connected mode, whatever its value", () => {
  for (const ipv6Only of [true, false, null, 0]) assert.throws(() => connected({ ipv6Only }), TypeError);
  assert.equal(connected({ ipv6Only: undefined }).mode, "connected");
});

test("DS-13 ipv6Only, true or false, goes with :: and what equals it alone", () => {
  for (const localAddress of ["0.0.0.0", "127.0.0.1", "::1", "::ffff:0.0.0.0", "fe80::1"]) {
    for (const ipv6Only of [true, false]) assert.throws(() => bound({ localAddress, ipv6Only }), TypeError);
  }
  for (const localAddress of ["::", "0:0:0:0:0:0:0:0", "0::0", "::0.0.0.0"]) {
    const seen = [true, false, undefined, 1, ""].map((ipv6Only) => bound({ localAddress, ipv6Only }).ipv6Only);
    assert.deepEqual(seen, [true, false, false, true, false]);
  }
});

test("DS-14 multicastTimeToLive is an octet", () => {
  for (const multicastTimeToLive of [-1, 256, NaN, Infinity, "x", 1n]) {
    for (const mode of [REMOTE, LOCAL]) assert.throws(() => convert({ ...mode, multicastTimeToLive }), TypeError);
  }
  for (const mode of [REMOTE, LOCAL]) {
    const seen = [0, 255, "7", 7.9, null].map((multicastTimeToLive) =>
      convert({ ...mode, multicastTimeToLive }).multicast?.timeToLive
    );
    assert.deepEqual(seen, [0, 255, 7, 7, 0]);
  }
});

test("DS-14 without multicast options: one hop, heard on this machine, no sharing", () => {
  assert.equal(connected().multicast, null);
  const { multicast, addressSharing } = bound();
  assert.deepEqual([multicast, addressSharing], [null, false]);
  assert.deepEqual(bound({ multicastLoopback: false }).multicast, {
    timeToLive: 1,
    loopback: false,
    interfaceName: null,
  });
  assert.deepEqual(bound({ multicastTimeToLive: 9 }).multicast, { timeToLive: 9, loopback: true, interfaceName: null });
  const shared = [true, false, undefined, 1].map((multicastAllowAddressSharing) =>
    bound({ multicastAllowAddressSharing }).addressSharing
  );
  assert.deepEqual(shared, [true, false, false, true]);
});

const ORDER: readonly (readonly [options: object, complaint: RegExp])[] = [
  [{ remotePort: 53, localPort: 0 }, /remotePort/],
  [{ ...REMOTE, localPort: 0, localAddress: "nonsense" }, /localPort/],
  [{ ...REMOTE, localAddress: "nonsense" }, /remoteAddress/],
  [{ localAddress: "nonsense", dnsQueryType: "ipv4" }, /localAddress/],
  [{ ...LOCAL, dnsQueryType: "ipv4", ipv6Only: true }, /dnsQueryType/],
  [{ ...LOCAL, ipv6Only: true, sendBufferSize: 0 }, /ipv6Only/],
  [{ ...LOCAL, sendBufferSize: 0, receiveBufferSize: 0 }, /sendBufferSize/],
  [{ ...LOCAL, receiveBufferSize: 0 }, /receiveBufferSize/],
  [{ localPort: 0, sendBufferSize: -1 }, /sendBufferSize/],
];
for (const [options, complaint] of ORDER) {
  test(`DS-08 of ${JSON.stringify(options)} what the draft looks at first is complained about`, () => {
    assert.throws(() => convert(options), (error) => error instanceof TypeError && complaint.test(error.message));
  });
}

test("DS-02 options may be absent or null, and otherwise are an object", () => {
  for (const options of ["text", 1, true, Symbol("s")]) assert.throws(() => convert(options), /not an object/);
});

test("CORE-01 what stands on Object.prototype is no option", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = { remoteAddress: "evil.example", remotePort: 53, multicastTimeToLive: 255 };
  Object.assign(prototype, names);
  try {
    assert.throws(() => convert({}), TypeError);
    assert.equal(bound().multicast, null);
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});
