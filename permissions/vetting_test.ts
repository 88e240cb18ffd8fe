import assert from "node:assert/strict";
import { ParleyError } from "../core/errors.ts";
import { canonicalHost } from "../core/host.ts";
import { type AddressBlock, type IpAddress, parseAddressBlock, parseIpAddress } from "../core/ip_address.ts";
import { test } from "../tests/support/harness.ts";
import { testGrant } from "../tests/support/test_grant.ts";
import { nearness, type OwnAddress, vetAddresses } from "./vetting.ts";

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed, text);
  return parsed;
}

function own(...texts: string[]): OwnAddress[] {
  return texts.map((text) => {
    const [plain = "", length = ""] = text.split("/");
    return { address: address(plain), prefixLength: Number(length) };
  });
}

interface Case {
  readonly host?: string;
  readonly own?: readonly string[] | null;
  readonly blocks?: readonly string[];
  readonly byMulticast?: boolean;
}

/** The addresses, or why not. */
function outcome(texts: readonly string[], given: Case = {}): string[] | string {
  const { host = "nas.example", blocks = [], byMulticast = false } = given;
  const near = given.own === null ? null : own(...given.own ?? HOME);
  const parsed = blocks.map((text) => parseAddressBlock(text) as AddressBlock);
  try {
    return vetAddresses(canonicalHost(host), texts.map(address), { own: near, byMulticast, blocks: parsed })
      .map(({ text, zone }) => zone === null ? text : `${text}%${zone}`);
  } catch (error) {
    assert.ok(error instanceof ParleyError);
    return error.code;
  }
}

/** A machine at home: private IPv4, a global IPv6 network of its own, and a public IPv4 address on a second interface. */
const HOME = ["127.0.0.1/8", "::1/128", "192.168.1.5/24", "2a00:1:2:3::5/64", "fe80::5%eth0/64", "81.2.3.4/29"];

test("NET-14 a name may not lead to an address of this machine or of its neighbours, public or not", () => {
  assert.deepEqual(outcome(["9.9.9.9", "2620:fe::fe"]), ["9.9.9.9", "2620:fe::fe"]);
  for (const near of ["81.2.3.4", "81.2.3.1", "81.2.3.7", "2a00:1:2:3::5", "2a00:1:2:3:ffff::1"]) {
    assert.equal(outcome([near]), "PERM_ADDRESS", near);
    assert.equal(outcome(["9.9.9.9", near]), "PERM_ADDRESS", `${near} in a mixed answer`);
    assert.deepEqual(outcome([near], { own: null }), [near], "where the list is hidden, the class alone decides");
  }
  for (const beyond of ["81.2.3.8", "81.2.2.255", "2a00:1:2:4::5", "2a00:1:2:2:ffff::1"]) {
    assert.deepEqual(outcome([beyond]), [beyond]);
  }
});

test("NET-14 a tunnel whose prefix is everything makes nobody a neighbour", () => {
  assert.deepEqual(outcome(["9.9.9.9"], { own: ["10.0.0.2/0"] }), ["9.9.9.9"]);
  assert.equal(outcome(["81.2.3.4"], { own: ["81.2.3.4/0"] }), "PERM_ADDRESS");
});

test("NET-14 a rule lets its name lead into its blocks, or to public addresses, and nowhere else", () => {
  const blocks = ["192.168.1.0/24"];
  assert.deepEqual(outcome(["192.168.1.20"], { blocks }), ["192.168.1.20"]);
  assert.deepEqual(outcome(["192.168.1.20", "9.9.9.9"], { blocks }), ["192.168.1.20", "9.9.9.9"]);
  for (const elsewhere of ["192.168.2.20", "10.0.0.1", "127.0.0.1", "::1", "2a00:1:2:3::5", "fd00::1"]) {
    assert.equal(outcome([elsewhere], { blocks }), "PERM_ADDRESS", elsewhere);
    assert.equal(outcome(["192.168.1.20", elsewhere], { blocks }), "PERM_ADDRESS", elsewhere);
  }
  assert.deepEqual(outcome(["2a00:1:2:3::9"], { blocks: ["2a00:1:2:3::/64"] }), ["2a00:1:2:3::9"]);
  assert.deepEqual(outcome(["127.0.0.1"], { blocks: ["127.0.0.1/32"] }), ["127.0.0.1"]);
});

test("NET-14 only a rule for that one address leads to a cloud's credentials", () => {
  for (const block of ["169.254.0.0/16", "169.254.169.254/31", "0.0.0.0/0"]) {
    assert.equal(outcome(["169.254.169.254"], { blocks: [block] }), "PERM_ADDRESS", block);
  }
  assert.deepEqual(outcome(["169.254.169.254"], { blocks: ["169.254.169.254/32"] }), ["169.254.169.254"]);
  assert.equal(outcome(["fd00:ec2::254"], { blocks: ["fc00::/7"] }), "PERM_ADDRESS");
  assert.deepEqual(outcome(["fd00:ec2::254"], { blocks: ["fd00:ec2::254/128"] }), ["fd00:ec2::254"]);
  assert.equal(outcome(["64:ff9b::169.254.169.254"], { blocks: ["64:ff9b::/96"] }), "PERM_ADDRESS");
});

test("NET-14 no rule makes a machine of a group, of everybody, or of no address", () => {
  const blocks = ["0.0.0.0/0", "::/0"];
  for (const text of ["224.0.0.251", "255.255.255.255", "0.0.0.0", "::", "ff02::fb"]) {
    assert.equal(outcome([text], { blocks }), "PERM_ADDRESS", text);
  }
  assert.deepEqual(outcome(["10.0.0.1", "fd00::1"], { blocks }), ["10.0.0.1", "fd00::1"]);
});

test("NET-14 NET-29 a name that neighbours answer for may lead to them, never to this machine or beyond", () => {
  const local = { host: "printer.local", byMulticast: true };
  assert.deepEqual(outcome(["192.168.1.20"], local), ["192.168.1.20"]);
  assert.deepEqual(outcome(["2a00:1:2:3::9", "fe80::9%eth0", "81.2.3.1"], local), [
    "2a00:1:2:3::9",
    "fe80::9%eth0",
    "81.2.3.1",
  ]);
  for (
    const text of [
      "127.0.0.1",
      "127.0.0.2",
      "::1",
      "192.168.1.5",
      "81.2.3.4",
      "fe80::5%eth0",
      "192.168.2.20",
      "10.0.0.1",
      "169.254.169.254",
      "fe80::9%eth1",
      "fe80::9",
    ]
  ) {
    assert.equal(outcome([text], local), "PERM_ADDRESS", text);
    assert.equal(outcome(["192.168.1.20", text], local), "PERM_ADDRESS", text);
  }
  const cloud = { ...local, own: ["169.254.1.1/16"] };
  assert.equal(outcome(["169.254.169.254"], cloud), "PERM_ADDRESS", "on-link or not");
  assert.deepEqual(outcome(["169.254.9.9"], cloud), ["169.254.9.9"]);
  assert.equal(outcome(["192.168.1.20"], { ...local, own: null }), "PERM_ADDRESS", "unknown neighbours are none");
  assert.equal(outcome(["192.168.1.20"], { host: "printer.local" }), "PERM_ADDRESS", "as a name server says");
});

test("NET-14 a literal is itself, and localhost is loopback, wherever this machine is", () => {
  assert.deepEqual(outcome(["81.2.3.4"], { host: "81.2.3.4" }), ["81.2.3.4"]);
  assert.equal(outcome(["81.2.3.5"], { host: "81.2.3.4" }), "PERM_ADDRESS");
  assert.equal(outcome(["192.168.1.9"], { host: "192.168.1.8", blocks: ["192.168.1.0/24"] }), "PERM_ADDRESS");
  assert.deepEqual(outcome(["127.0.0.1", "::1"], { host: "localhost" }), ["127.0.0.1", "::1"]);
  assert.equal(outcome(["9.9.9.9"], { host: "localhost" }), "PERM_ADDRESS");
  assert.equal(outcome([], {}), "NET_DNS");
});

test("NET-14 the operator reads where a refused name leads, and a cloud's credentials are called that", () => {
  const reason = (text: string): string => {
    try {
      vetAddresses(canonicalHost("nas.example"), [address(text)], {
        own: own(...HOME),
        byMulticast: false,
        blocks: [],
      });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(reason("169.254.169.254"), /169\.254\.169\.254, where the credentials of a cloud machine are$/);
  assert.match(reason("81.2.3.4"), /81\.2\.3\.4, an address of this machine$/);
  assert.match(reason("81.2.3.1"), /81\.2\.3\.1, on a network of this machine$/);
  assert.match(reason("10.0.0.1"), /10\.0\.0\.1, which is not public \(private\)$/);
});

test("NET-24 a link-local neighbour is one on its own network only", () => {
  const near = own("fe80::5%eth0/64", "fe80::6%eth1/64", "10.0.0.1/8");
  assert.equal(nearness(address("fe80::5%eth0"), near), "own");
  assert.equal(nearness(address("fe80::5%eth1"), near), "on-link");
  assert.equal(nearness(address("fe80::5%eth2"), near), null);
  assert.equal(nearness(address("fe80::5"), near), null);
  assert.equal(nearness(address("10.255.0.1"), near), "on-link");
});

test("CORE-01 a polluted Object.prototype opens no block and makes no neighbour", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  try {
    polluted["blocks"] = [parseAddressBlock("0.0.0.0/0")];
    polluted["byMulticast"] = true;
    polluted["own"] = own("10.0.0.2/8");
    // The test's own parts are polluted like anybody's, so that the members are given in full.
    const whole = { host: "nas.example", own: HOME, blocks: [], byMulticast: false };
    assert.equal(outcome(["10.0.0.1"], whole), "PERM_ADDRESS");
    assert.throws(() => testGrant({ host: "nas.example" }).vet([address("10.0.0.1")]), { code: "PERM_ADDRESS" });
  } finally {
    for (const name of ["blocks", "byMulticast", "own"]) delete polluted[name];
  }
});
