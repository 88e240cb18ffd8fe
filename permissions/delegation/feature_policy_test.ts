import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { forOwner, policyForFeatures, readFeaturePolicy } from "./feature_policy.ts";
import { readModuleMeta } from "./module_meta.ts";

const NO_SELF = { self: false };

test("NET-13 allow-lists are read as written", () => {
  const origins = [
    "npm:mqtt",
    "npm:@scope/name",
    "jsr:@std/net",
    "https://cdn.example:8443",
    "file:///a/b.ts",
    "npm://npm.corp.example/mqtt",
  ];
  const policy = readFeaturePolicy({ "direct-sockets": origins, listen: [] }, NO_SELF);
  assert.deepEqual([...policy.get("direct-sockets") ?? []], origins);
  assert.deepEqual([...policy.get("listen") ?? ["?"]], []);
  assert.equal(policy.get("hid"), undefined);
});

for (
  const [origin, advice] of [
    ["npm:mqtt@5", /write "npm:mqtt"/],
    ["https://cdn.example/a.ts", /write "https:\/\/cdn\.example"/],
    ["https://CDN.example", /write "https:\/\/cdn\.example"/],
    ["file:///a/node_modules/mqtt/x.js", /write "npm:mqtt"/],
    ["file:///a/../b.ts", /write "file:\/\/\/b\.ts"/],
    ["http://cdn.example", /not an origin/],
    ["data:text/javascript,1", /not an origin/],
    ["*", /not an origin/],
    ["self", /not an origin/],
    ["mqtt", /not an origin/],
    ["", /not an origin/],
    [7, /not a string/],
    [null, /not a string/],
  ] as const
) {
  test(`NET-13 nothing is delegated to ${JSON.stringify(origin)}`, () => {
    const read = (): unknown => readFeaturePolicy({ "direct-sockets": [origin] }, NO_SELF);
    assert.throws(read, { name: "TypeError", message: advice });
  });
}

for (
  const lists of [null, 7, { bluetooth: [] }, { "direct-sockets": "npm:mqtt" }, { listen: null }, { toString: [] }]
) {
  test(`NET-13 ${JSON.stringify(lists)} is no record of allow-lists`, () => {
    assert.throws(() => readFeaturePolicy(lists, NO_SELF), TypeError);
  });
}

test("CORE-01 a list on Object.prototype delegates nothing", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype["direct-sockets"] = ["npm:evil"];
  try {
    assert.equal(readFeaturePolicy({}, NO_SELF).size, 0);
  } finally {
    delete prototype["direct-sockets"];
  }
});

test("NET-13 self and * in a navigator's policy are its own origin", () => {
  const policy = readFeaturePolicy({ listen: ["self"], hid: ["*"], usb: ["npm:other"], camera: [] }, { self: true });
  const own = forOwner(policy, "npm:mqtt");
  assert.deepEqual([...own.values()].map((origins) => [...origins]), [["npm:mqtt"], ["npm:mqtt"], ["npm:other"], []]);
});

test("NET-13 features for a Worker are names of features", () => {
  const policy = policyForFeatures(["direct-sockets", "listen", "listen"], "file:///main.ts");
  assert.deepEqual([...policy].map(([name, origins]) => [name, ...origins]), [
    ["direct-sockets", "file:///main.ts"],
    ["listen", "file:///main.ts"],
  ]);
  for (const features of [["bluetooth"], "listen", undefined, [null], Array(3)]) {
    assert.throws(() => policyForFeatures(features, "file:///main.ts"), TypeError);
  }
});

test("NET-13 an import.meta has a URL, and says whether it is the main module's", () => {
  assert.deepEqual(readModuleMeta(import.meta).url, import.meta.url);
  assert.equal(readModuleMeta({ url: "file:///a.ts", main: 1 }).isMain, false);
  assert.equal(readModuleMeta({ url: "file:///a.ts", main: true }).isMain, true);
  for (const meta of [undefined, null, {}, { url: "main.ts" }, { url: 7 }, "file:///a.ts"]) {
    assert.throws(() => readModuleMeta(meta), TypeError);
  }
});
