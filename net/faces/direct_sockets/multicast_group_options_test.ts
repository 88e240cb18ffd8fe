import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import type { Membership } from "../../datagram_port.ts";
import { toGroupArguments, toMembership } from "./multicast_group_options.ts";

const GROUP = "239.255.0.1";
const GROUP_6 = "ff15::1";

function convert(group: unknown, options: unknown = {}): Membership {
  return toMembership(toGroupArguments(group, options));
}

const NO_ADDRESS = [
  "",
  "mdns.example",
  "239.255.0",
  "[ff15::1]",
  "239.255.0.1:53",
  " 239.255.0.1",
  "ff02::1%lo",
  null,
  1,
];
for (const group of NO_ADDRESS) {
  test(`DS-52 the group ${JSON.stringify(group)} is a TypeError: it is not an IP address`, () => {
    assert.throws(() => convert(group), TypeError);
  });
}

const NO_GROUP = [
  "223.255.255.255",
  "240.0.0.0",
  "127.0.0.1",
  "0.0.0.0",
  "255.255.255.255",
  "::",
  "::1",
  "fe80::1",
  "feff:ffff::",
  "::ffff:9.9.9.9",
];
for (const group of NO_GROUP) {
  test(`DS-52 the group ${group} is a TypeError: it is an address, and none of a group`, () => {
    assert.throws(() => convert(group), TypeError);
  });
}

test("DS-52 groups are those of 224.0.0.0/4 and ff00::/8, first and last, in canonical form", () => {
  const groups = [
    "224.0.0.0",
    "239.255.255.255",
    "ff00::",
    "FFFF:FFFF:FFFF:ffff:ffff:ffff:ffff:ffff",
    "::ffff:224.0.0.1",
  ];
  assert.deepEqual(groups.map((group) => convert(group).group.text), [
    "224.0.0.0",
    "239.255.255.255",
    "ff00::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "224.0.0.1",
  ]);
});

const NO_SOURCE = [
  "",
  "host.example",
  "239.0.0.1",
  "0.0.0.0",
  "127.0.0.1",
  "127.9.9.9",
  "255.255.255.255",
  "::",
  "::1",
  "ff02::1",
  null,
];
for (const sourceAddress of NO_SOURCE) {
  test(`DS-53 the source ${JSON.stringify(sourceAddress)} is a TypeError`, () => {
    for (const group of [GROUP, GROUP_6]) assert.throws(() => convert(group, { sourceAddress }), TypeError);
  });
}

test("DS-53 a source of the other family is a TypeError", () => {
  assert.throws(() => convert(GROUP, { sourceAddress: "2606:2800::1" }), TypeError);
  assert.throws(() => convert(GROUP_6, { sourceAddress: "9.9.9.9" }), TypeError);
});

test("DS-53 a source is any unicast address of the group's family, or absent for any sender", () => {
  const sources = ["9.9.9.9", "192.168.0.1", "::ffff:9.9.9.9"].map((source) =>
    convert(GROUP, { sourceAddress: source })
  );
  assert.deepEqual(sources.map(({ source }) => source?.text), ["9.9.9.9", "192.168.0.1", "9.9.9.9"]);
  assert.equal(convert(GROUP_6, { sourceAddress: "fe80::1" }).source?.text, "fe80::1");
  for (const options of [undefined, null, {}, { sourceAddress: undefined }]) {
    assert.equal(convert(GROUP, options).source, null);
  }
});

test("DS-52 options are an object, and what stands on Object.prototype is none", () => {
  for (const options of ["text", 1, true, Symbol("s")]) assert.throws(() => convert(GROUP, options), /not an object/);
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype["sourceAddress"] = "9.9.9.9";
  try {
    assert.equal(convert(GROUP).source, null);
  } finally {
    delete prototype["sourceAddress"];
  }
});
