/** The boundary table of RS-18 as data: what each block's first and last address are, and what stands before and after. */
import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { ADDRESS_REGISTRY, type AddressClass, METADATA_ADDRESSES } from "./address_registry.ts";
import { addressBytes, classifyAddress, parseIpAddress } from "./ip_address.ts";

/** An address that carries another has the class of that one. */
type Row = readonly [block: string, before: AddressClass, first: AddressClass, last: AddressClass, after: AddressClass];

const BOUNDARIES: readonly Row[] = [
  ["0.0.0.0/0", "public", "unspecified", "broadcast", "public"],
  ["0.0.0.0/8", "public", "unspecified", "reserved", "public"],
  ["0.0.0.0/32", "public", "unspecified", "unspecified", "reserved"],
  ["10.0.0.0/8", "public", "private", "private", "public"],
  ["100.64.0.0/10", "public", "private", "private", "public"],
  ["127.0.0.0/8", "public", "loopback", "loopback", "public"],
  ["169.254.0.0/16", "public", "link-local", "link-local", "public"],
  ["172.16.0.0/12", "public", "private", "private", "public"],
  ["192.0.0.0/24", "public", "reserved", "reserved", "public"],
  ["192.0.2.0/24", "public", "reserved", "reserved", "public"],
  ["192.88.99.0/24", "public", "reserved", "reserved", "public"],
  ["192.168.0.0/16", "public", "private", "private", "public"],
  ["198.18.0.0/15", "public", "reserved", "reserved", "public"],
  ["198.51.100.0/24", "public", "reserved", "reserved", "public"],
  ["203.0.113.0/24", "public", "reserved", "reserved", "public"],
  ["224.0.0.0/4", "public", "multicast", "multicast", "reserved"],
  ["240.0.0.0/4", "multicast", "reserved", "broadcast", "public"],
  ["255.255.255.255/32", "reserved", "broadcast", "broadcast", "public"],
  ["::/0", "public", "unspecified", "multicast", "public"],
  ["::/96", "public", "unspecified", "broadcast", "reserved"],
  ["::/128", "public", "unspecified", "unspecified", "loopback"],
  ["::1/128", "unspecified", "loopback", "loopback", "reserved"],
  ["::ffff:0:0:0/96", "reserved", "unspecified", "broadcast", "reserved"],
  ["64:ff9b::/96", "reserved", "unspecified", "broadcast", "reserved"],
  ["64:ff9b:1::/48", "reserved", "unspecified", "broadcast", "reserved"],
  ["100::/64", "reserved", "reserved", "reserved", "reserved"],
  ["100:0:0:1::/64", "reserved", "reserved", "reserved", "reserved"],
  ["2000::/3", "reserved", "public", "public", "reserved"],
  // The first of its addresses would be Teredo's, over 0.0.0.0.
  ["2001::/23", "public", "unspecified", "reserved", "public"],
  ["2001::/32", "public", "unspecified", "broadcast", "reserved"],
  ["2001:2::/48", "reserved", "reserved", "reserved", "reserved"],
  ["2001:3::/32", "reserved", "public", "public", "reserved"],
  ["2001:4:112::/48", "reserved", "public", "public", "reserved"],
  ["2001:10::/28", "reserved", "reserved", "reserved", "public"],
  ["2001:20::/28", "reserved", "public", "public", "public"],
  ["2001:30::/28", "public", "public", "public", "reserved"],
  ["2001:db8::/32", "public", "reserved", "reserved", "public"],
  ["2002::/16", "public", "unspecified", "broadcast", "public"],
  ["3fff::/20", "public", "reserved", "reserved", "public"],
  ["5f00::/16", "reserved", "reserved", "reserved", "reserved"],
  ["fc00::/7", "reserved", "private", "private", "reserved"],
  ["fe80::/10", "reserved", "link-local", "link-local", "private"],
  ["fec0::/10", "link-local", "private", "private", "multicast"],
  ["ff00::/8", "private", "multicast", "multicast", "public"],
];

/** Every IPv6 block up to /8 that is outside 2000::/3, first and last, as in Chromium's table. */
const WIDE_BLOCKS: readonly (readonly [base: string, prefixLength: number])[] = [
  ["100::", 8],
  ["200::", 7],
  ["400::", 6],
  ["800::", 5],
  ["1000::", 4],
  ["4000::", 3],
  ["6000::", 3],
  ["8000::", 3],
  ["a000::", 3],
  ["c000::", 3],
  ["e000::", 4],
  ["f000::", 5],
  ["f800::", 6],
  ["fc00::", 7],
  ["fe00::", 9],
];

interface Edges {
  readonly first: string;
  readonly last: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Worked out with numbers, so that nothing of the code under test has a part in it. */
function edgesOf(block: string): Edges {
  const [base = "", length = ""] = block.split("/");
  const address = parseIpAddress(base);
  assert.ok(address, block);
  const bytes = addressBytes(address);
  const size = BigInt(bytes.length * 8);
  const start = bytes.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  const end = start + (1n << (size - BigInt(length))) - 1n;
  const text = (value: bigint): string | null => {
    if (value < 0n || value >> size !== 0n) return null;
    if (bytes.length === 4) return [24n, 16n, 8n, 0n].map((shift) => value >> shift & 255n).join(".");
    return Array.from({ length: 8 }, (_, at) => (value >> BigInt(112 - at * 16) & 0xffffn).toString(16)).join(":");
  };
  return { first: text(start)!, last: text(end)!, before: text(start - 1n), after: text(end + 1n) };
}

function classOf(text: string): AddressClass {
  const address = parseIpAddress(text);
  assert.ok(address, text);
  return classifyAddress(address);
}

test("RS-18 NET-14 every block of the registry has its boundaries written down, and no other", () => {
  assert.deepEqual(BOUNDARIES.map(([block]) => block), ADDRESS_REGISTRY.map(([block]) => block));
});

for (const [block, before, first, last, after] of BOUNDARIES) {
  test(`RS-18 the first and last address of ${block}, and their neighbours, have their class, mapped into IPv6 too`, () => {
    const edges = edgesOf(block);
    const wanted = [[edges.before, before], [edges.first, first], [edges.last, last], [edges.after, after]] as const;
    for (const [text, addressClass] of wanted) {
      if (text === null) continue;
      assert.equal(classOf(text), addressClass, text);
      if (!text.includes(":")) assert.equal(classOf(`::ffff:${text}`), addressClass, `mapped ${text}`);
    }
  });
}

test("RS-18 no first or last address of a wide IPv6 block outside 2000::/3 is public", () => {
  for (const [base, prefixLength] of WIDE_BLOCKS) {
    const { first, last } = edgesOf(`${base}/${prefixLength}`);
    for (const text of [first, last]) assert.notEqual(classOf(text), "public", text);
  }
});

test("NET-14 every metadata address is called that, and its neighbours are not", () => {
  for (const [text] of METADATA_ADDRESSES) {
    const { before, after } = edgesOf(`${text}/${text.includes(":") ? 128 : 32}`);
    assert.equal(classOf(text), "metadata", text);
    for (const near of [before, after]) if (near !== null) assert.notEqual(classOf(near), "metadata", near);
  }
});
