import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import {
  type AddressClass,
  blockContains,
  classifyAddress,
  formatHostPort,
  parseAddressBlock,
  parseIpAddress,
} from "./ip_address.ts";

function classOf(text: string): AddressClass {
  const address = parseIpAddress(text);
  assert.ok(address, text);
  return classifyAddress(address);
}

test("NET-24 parses addresses to one canonical text", () => {
  const table: readonly (readonly [string, 4 | 6, string])[] = [
    ["0.0.0.0", 4, "0.0.0.0"],
    ["255.255.255.255", 4, "255.255.255.255"],
    ["::", 6, "::"],
    ["::1", 6, "::1"],
    ["1::", 6, "1::"],
    ["2001:DB8:0:0:0:0:0:1", 6, "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", 6, "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", 6, "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", 6, "2001:db8::1:0:0:1"],
    ["0001:0002:0003:0004:0005:0006:0007:0008", 6, "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", 6, "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", 6, "0:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", 6, "64:ff9b::c000:221"],
    ["::127.0.0.1", 6, "::7f00:1"],
    ["::1.2.3.4", 6, "::102:304"],
    ["1:2:3:4:5:6:1.2.3.4", 6, "1:2:3:4:5:6:102:304"],
    ["::ffff:192.0.2.33", 4, "192.0.2.33"],
    ["::ffff:7f00:1", 4, "127.0.0.1"],
    ["0:0:0:0:0:FFFF:10.0.0.1", 4, "10.0.0.1"],
  ];
  for (const [text, family, canonical] of table) {
    assert.deepEqual(parseIpAddress(text), { family, text: canonical, zone: null }, text);
  }
  assert.ok(Object.isFrozen(parseIpAddress("::1")));
});

test("NET-24 refuses whatever is not plainly an address", () => {
  const texts = [
    ..."|1|127.1|1.2.3|1.2.3.4.|.1.2.3.4|1.2.3.4.5|256.1.1.1|1.1.1.256|01.2.3.4|1.2.3.04|0x7f.0.0.1|0x7f000001|2130706433"
      .split("|"),
    ..." 1.2.3.4|1.2.3.4 |1.2.3.4\n|+1.2.3.4|1.2.3.-4|1e1.2.3.4|１.１.１.１|1.2.3.4/8|1.2.3.4:80|1.2.3.4%eth0".split(
      "|",
    ),
    ...":|:::|1|1:2|1::2::3|:1:2:3:4:5:6:7|1:2:3:4:5:6:7:|1:2:3:4:5:6:7:8:9|1:2:3:4:5:6:7:8::|12345::|::g|[::1]|::1 "
      .split(
        "|",
      ),
    ..."::1.2.3|::1.2.3.4.5|::01.2.3.4|::256.1.1.1|::1.2.3.4:5|1:2:3:4:5:6:7:1.2.3.4|::ffff:0x7f.1|::1/64".split("|"),
    "1".repeat(100_000),
    ":".repeat(100_000),
  ];
  for (const text of texts) assert.equal(parseIpAddress(text), null, text.slice(0, 40));
});

test("NET-24 keeps a zone on link-local IPv6 only, as an interface name", () => {
  assert.deepEqual(parseIpAddress("fe80::1%eth0"), { family: 6, text: "fe80::1", zone: "eth0" });
  assert.deepEqual(parseIpAddress("FEBF::1%br-1.2_x"), { family: 6, text: "febf::1", zone: "br-1.2_x" });
  for (
    const text of [
      "fe80::1%",
      "fe80::1%eth0%1",
      "fe80::1%a/b",
      "fe80::1%..",
      "fe80::1%.",
      "fe80::1%é",
      "fe80::1%0123456789abcdef",
      "fec0::1%eth0",
      "::1%lo",
      "2001:db8::1%eth0",
      "169.254.0.1%eth0",
      "::ffff:1.2.3.4%eth0",
      "ff02::1%eth0",
    ]
  ) assert.equal(parseIpAddress(text), null, text);
});

test("NET-14 classifies IPv4 at the first and last address of each special block", () => {
  // Before, first, last, after, class inside. Outside is public unless said otherwise.
  const blocks: readonly (readonly [string | null, string, string, string | null, AddressClass])[] = [
    [null, "0.0.0.1", "0.255.255.255", "1.0.0.0", "reserved"],
    ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "private"],
    ["100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "private"],
    ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "loopback"],
    ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", "link-local"],
    ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "private"],
    ["191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", "reserved"],
    ["192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "reserved"],
    ["192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", "reserved"],
    ["192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", "private"],
    ["198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", "reserved"],
    ["198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "reserved"],
    ["203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", "reserved"],
    ["223.255.255.255", "224.0.0.0", "239.255.255.255", null, "multicast"],
    [null, "240.0.0.0", "255.255.255.254", null, "reserved"],
  ];
  for (const [before, first, last, after, inside] of blocks) {
    for (const text of [first, last]) {
      assert.equal(classOf(text), inside, text);
      assert.equal(classOf(`::ffff:${text}`), inside, `mapped ${text}`);
    }
    for (const text of [before, after]) if (text !== null) assert.equal(classOf(text), "public", text);
  }
  assert.equal(classOf("0.0.0.0"), "unspecified");
  assert.equal(classOf("255.255.255.255"), "broadcast");
  assert.equal(classOf("192.0.0.9"), "reserved", "PCP anycast is the nearest router");
});

test("NET-14 calls IPv6 public only inside 2000::/3 and outside its special blocks", () => {
  for (let first = 0; first < 0x100; first++) {
    const text = `${(first << 8).toString(16)}:1234::1`;
    const isPublic = classOf(text) === "public";
    assert.equal(isPublic, first >= 0x20 && first <= 0x3f, text);
  }
  const table: readonly (readonly [string, AddressClass])[] = [
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"],
    ["2000::", "public"],
    ["3fff:1000::", "public"],
    ["3ffe:ffff::1", "public"],
    ["4000::", "reserved"],
    ["100::1", "reserved"],
    ["100:0:0:1::1", "reserved"],
    ["2001:1::1", "reserved"],
    ["2001:2::1", "reserved"],
    ["2001:3::1", "public"],
    ["2001:4:112::1", "public"],
    ["2001:10::1", "reserved"],
    ["2001:20::1", "public"],
    ["2001:30::1", "public"],
    ["2001:1ff:ffff::1", "reserved"],
    ["2001:200::1", "public"],
    ["2001:db7:ffff::1", "public"],
    ["2001:db8::", "reserved"],
    ["2001:db8:ffff:ffff::1", "reserved"],
    ["2001:db9::1", "public"],
    ["3fff::1", "reserved"],
    ["3fff:fff:ffff::1", "reserved"],
    ["5f00::1", "reserved"],
    ["fbff::1", "reserved"],
    ["fc00::1", "private"],
    ["fdff:ffff::1", "private"],
    ["fe00::1", "reserved"],
    ["fe80::1", "link-local"],
    ["febf:ffff::1", "link-local"],
    ["fec0::1", "private"],
    ["feff:ffff::1", "private"],
    ["ff02::fb", "multicast"],
  ];
  for (const [text, expected] of table) assert.equal(classOf(text), expected, text);
});

test("NET-14 looks inside 6to4, Teredo, NAT64, compatible and translated addresses", () => {
  const hex = (a: number, b: number, c: number, d: number): string =>
    `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
  const wrap = (a: number, b: number, c: number, d: number): string[] => [
    `2002:${hex(a, b, c, d)}::1`,
    `2001:0:808:808:0:0:${hex(a ^ 255, b ^ 255, c ^ 255, d ^ 255)}`,
    `2001:0:${hex(a, b, c, d)}:0:0:f7f7:f7f7`,
    `64:ff9b::${a}.${b}.${c}.${d}`,
    `64:ff9b:1::${a}.${b}.${c}.${d}`,
    `::${a}.${b}.${c}.${d}`,
    `::ffff:0:${a}.${b}.${c}.${d}`,
  ];
  for (const text of wrap(8, 8, 8, 8)) {
    // NAT64 alone is reachable: on a network without IPv4 every name leads there (DNS64).
    assert.equal(classOf(text), text.startsWith("64:ff9b::") ? "public" : "reserved", text);
  }
  for (const text of wrap(127, 0, 0, 1)) assert.equal(classOf(text), "loopback", text);
  for (const text of wrap(10, 0, 0, 1)) assert.equal(classOf(text), "private", text);
  for (const text of wrap(169, 254, 169, 254)) assert.equal(classOf(text), "metadata", text);
});

test("NET-14 names the metadata addresses of clouds", () => {
  const texts =
    "169.254.169.254 169.254.170.2 169.254.170.23 fd00:ec2::254 fd20:ce::254 100.100.100.200 168.63.129.16 " +
    "192.0.0.192 fe80::a9fe:a9fe ::ffff:169.254.169.254";
  for (const text of texts.split(" ")) assert.equal(classOf(text), "metadata", text);
  assert.equal(classOf("fe80::a9fe:a9fe%eth0"), "metadata");
  assert.equal(classOf("169.254.169.253"), "link-local");
});

test("NET-14 never calls public what is no address", () => {
  assert.equal(classifyAddress({ family: 4, text: "2130706433", zone: null }), "reserved");
  assert.equal(classifyAddress({ family: 6, text: "::ffff:127.0.0.1", zone: null }), "loopback");
});

test("CON-23 reads blocks and tells what lies in them", () => {
  const contains = (block: string, text: string): boolean => {
    const [parsed, address] = [parseAddressBlock(block), parseIpAddress(text)];
    assert.ok(parsed && address, `${block} ${text}`);
    return blockContains(parsed, address);
  };
  assert.equal(parseAddressBlock("2001:0DB8::/32")?.text, "2001:db8::/32");
  assert.ok(contains("10.0.0.0/8", "10.255.255.255") && !contains("10.0.0.0/8", "11.0.0.0"));
  assert.ok(contains("192.0.2.128/25", "192.0.2.128") && !contains("192.0.2.128/25", "192.0.2.127"));
  assert.ok(contains("192.0.2.1/32", "192.0.2.1") && !contains("192.0.2.1/32", "192.0.2.0"));
  assert.ok(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "::1"));
  assert.ok(contains("::/0", "2001:db8::1") && !contains("::/0", "1.2.3.4"));
  assert.ok(contains("2001:db8::/33", "2001:db8:7fff::") && !contains("2001:db8::/33", "2001:db8:8000::"));
  for (const text of ["10.1.0.0/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0", "10.0.0.0/", "/8", "::1/64", "::/129"]) {
    assert.equal(parseAddressBlock(text), null, text);
  }
  for (const text of ["::ffff:0:0/96", "fe80::%eth0/10", "10.0.0.0/8/8", "10.0.0.0/-1", "10/8"]) {
    assert.equal(parseAddressBlock(text), null, text);
  }
});

test("NET-24 puts brackets around IPv6 before a port", () => {
  assert.equal(formatHostPort("example.com", 25), "example.com:25");
  assert.equal(formatHostPort("1.2.3.4", 80), "1.2.3.4:80");
  assert.equal(formatHostPort("fe80::1%eth0", 80), "[fe80::1%eth0]:80");
});

test("CORE-01 reads and classifies alike after Object.prototype was polluted", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  const names = ["zone", "zoneId", "family", "text", "ipv4", "base", "prefixLength", "is", "parts", "octets"];
  try {
    for (const name of names) polluted[name] = "eth9";
    assert.equal(parseIpAddress("fe80::1")?.zone, null);
    assert.equal(parseIpAddress("::1")?.text, "::1");
    assert.equal(classOf("10.0.0.1"), "private");
    assert.equal(classOf("2002:7f00:1::"), "loopback");
  } finally {
    for (const name of names) delete polluted[name];
  }
});
