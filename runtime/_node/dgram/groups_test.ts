import assert from "node:assert/strict";
import { isParleyError } from "../../../core/errors.ts";
import { parseIpAddress } from "../../../core/ip_address.ts";
import type { InterfaceAddress, Membership } from "../../../net/datagram_port.ts";
import { nodeNetError } from "../../node/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { Groups, type GroupSocket, type GroupTraits } from "./groups.ts";

const ip = (text: string) => parseIpAddress(text)!;
const INTERFACES: readonly InterfaceAddress[] = [
  { name: "lo", address: ip("::1"), prefixLength: 128 },
  { name: "lo", address: ip("127.0.0.1"), prefixLength: 8 },
  { name: "wg0", address: ip("fe80::9%wg0"), prefixLength: 64 },
];

/** Notes every call; `fail` is thrown by the next. */
function recorder(): GroupSocket & { readonly calls: string[]; fail: string | null } {
  const calls: string[] = [];
  const record = (name: string) => (...args: unknown[]): void => {
    calls.push([name, ...args].join(" "));
    const code = socket.fail;
    socket.fail = null;
    if (code !== null) throw Object.assign(new TypeError("native"), { code });
  };
  const socket = {
    calls,
    fail: null as string | null,
    addMembership: record("add"),
    dropMembership: record("drop"),
    addSourceSpecificMembership: record("add source"),
    dropSourceSpecificMembership: record("drop source"),
    setMulticastTTL: record("ttl"),
    setMulticastLoopback: record("loopback"),
    setMulticastInterface: record("interface"),
  };
  return socket;
}

function groups(family: 4 | 6, overrides: Partial<GroupTraits> = {}) {
  const socket = recorder();
  const traits: GroupTraits = {
    translate: nodeNetError,
    multicastTtlZero: true,
    ipv6Groups: true,
    interfaces: () => INTERFACES,
    ...overrides,
  };
  return { socket, groups: new Groups(socket, { family, traits }) };
}

function refuses(call: () => void, code: string): void {
  assert.throws(call, (error) => isParleyError(error) && error.code === code && /^Cannot /.test(error.message));
}

const membership = (group: string, options: Partial<Membership> = {}): Membership => ({
  group: ip(group),
  source: null,
  interfaceName: null,
  ...options,
});

test("DS-53 a membership names the interface by an IPv4 address of it, for IPv6 by its name", () => {
  const four = groups(4);
  four.groups.join(membership("239.1.2.3"));
  four.groups.join(membership("239.1.2.3", { interfaceName: "lo" }));
  four.groups.leave(membership("232.1.2.3", { source: ip("192.0.2.7"), interfaceName: "lo" }));
  assert.deepEqual(four.socket.calls, [
    "add 239.1.2.3 ",
    "add 239.1.2.3 127.0.0.1",
    "drop source 192.0.2.7 232.1.2.3 127.0.0.1",
  ]);
  const six = groups(6);
  six.groups.join(membership("ff31::1", { source: ip("2001:db8::1"), interfaceName: "wg0" }));
  six.groups.leave(membership("ff02::1", { interfaceName: "lo" }));
  assert.deepEqual(six.socket.calls, ["add source 2001:db8::1 ff31::1 ::%wg0", "drop ff02::1 ::%lo"]);
});

test("an interface that does not exist, or has no address of the family, is refused before the system is asked", () => {
  const { socket, groups: four } = groups(4);
  refuses(() => four.join(membership("239.1.2.3", { interfaceName: "eth7" })), "NET_UNREACHABLE");
  refuses(() => four.join(membership("239.1.2.3", { interfaceName: "wg0" })), "NET_UNREACHABLE");
  refuses(() => four.join(membership("239.1.2.3", { interfaceName: "" })), "NET_UNREACHABLE");
  refuses(() => four.setMulticast({ timeToLive: 1, loopback: true, interfaceName: "eth7" }), "NET_UNREACHABLE");
  refuses(() => four.join(membership("ff02::1")), "NET_UNREACHABLE");
  assert.deepEqual(socket.calls, []);
});

test("an interface by name is NET_OS_DENIED where the interfaces are hidden; the system's choice is not", () => {
  const { socket, groups: four } = groups(4, { interfaces: () => null });
  refuses(() => four.join(membership("239.1.2.3", { interfaceName: "lo" })), "NET_OS_DENIED");
  four.join(membership("239.1.2.3"));
  assert.deepEqual(socket.calls, ["add 239.1.2.3 "]);
});

test("DS-59 an interface once chosen is taken back when none is", () => {
  for (const [family, chosen, none] of [[4, "127.0.0.1", "0.0.0.0"], [6, "::%lo", "::"]] as const) {
    const { socket, groups: all } = groups(family);
    all.setMulticast({ timeToLive: 3, loopback: false, interfaceName: null });
    all.setMulticast({ timeToLive: 0, loopback: true, interfaceName: "lo" });
    all.setMulticast({ timeToLive: 1, loopback: true, interfaceName: null });
    assert.deepEqual(socket.calls, [
      ...["ttl 3", "loopback false"],
      ...["ttl 0", "loopback true", `interface ${chosen}`],
      ...["ttl 1", "loopback true", `interface ${none}`],
    ]);
  }
});

test("DS-59 what the runtime would not do is refused, and nothing set", () => {
  const zero = groups(4, { multicastTtlZero: false });
  refuses(
    () => zero.groups.setMulticast({ timeToLive: 0, loopback: true, interfaceName: null }),
    "RUNTIME_UNSUPPORTED",
  );
  const six = groups(6, { ipv6Groups: false });
  refuses(() => six.groups.setMulticast({ timeToLive: 2, loopback: true, interfaceName: null }), "RUNTIME_UNSUPPORTED");
  refuses(() => six.groups.join(membership("ff31::1", { source: ip("2001:db8::1") })), "RUNTIME_UNSUPPORTED");
  assert.deepEqual([...zero.socket.calls, ...six.socket.calls], []);
  six.groups.setMulticast({ timeToLive: 1, loopback: false, interfaceName: null });
  assert.deepEqual(six.socket.calls, ["loopback false"]);
});

test("DS-54 what the system refuses is a ParleyError", () => {
  const table = { EADDRINUSE: "NET_FAILED", ENODEV: "NET_UNREACHABLE", EACCES: "NET_OS_DENIED", EINVAL: "NET_FAILED" };
  for (const [native, code] of Object.entries(table)) {
    const { socket, groups: four } = groups(4);
    socket.fail = native;
    refuses(() => four.join(membership("239.1.2.3")), code);
  }
});
