import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { hardened, member, refuseDangerousKeys, requireDictionary } from "./dictionary.ts";
import { isParleyError } from "./errors.ts";

test("CORE-01 reads members of the object and of its classes, accessors included", () => {
  class Base {
    get ca(): string {
      return `from ${this.constructor.name}`;
    }
  }
  class Options extends Base {
    port = 25;
  }
  assert.equal(member({ ca: "x" }, "ca"), "x");
  assert.equal(member(new Options(), "port"), 25);
  assert.equal(member(new Options(), "ca"), "from Options");
  assert.equal(member(Object.create({ ca: 1 }), "ca"), 1);
  assert.equal(member(Object.assign(Object.create(null), { ca: 2 }), "ca"), 2);
  assert.equal(member(Object.assign(() => {}, { ca: 3 }), "ca"), 3);
  assert.equal(member({ ca: undefined }, "ca"), undefined);
});

test("CORE-01 reads nothing from Object.prototype, polluted or not", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  try {
    polluted.ca = "attacker";
    class Options {}
    for (const dictionary of [{}, new Options(), [], Object.create({}), () => {}]) {
      assert.equal(member(dictionary, "ca"), undefined);
    }
  } finally {
    delete polluted.ca;
  }
  for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    assert.equal(member({}, name), undefined);
  }
});

test("CORE-01 reads nothing from what is no object, and ends on an endless prototype chain", () => {
  for (const value of [undefined, null, "text", 1, true, Symbol(), 1n]) {
    assert.equal(member(value, "length"), undefined);
  }
  let steps = 0;
  const endless = (): object => new Proxy({}, { getPrototypeOf: () => (steps++, endless()) });
  assert.equal(member(endless(), "ca"), undefined);
  assert.ok(steps > 0 && steps < 1000, String(steps));
});

test("CORE-01 converts undefined and null to no dictionary and refuses other values", () => {
  const object = {};
  assert.equal(requireDictionary(object, "options"), object);
  assert.equal(requireDictionary(undefined, "options"), null);
  assert.equal(requireDictionary(null, "options"), null);
  for (const value of ["", 0, false, Symbol(), 1n]) {
    assert.throws(() => requireDictionary(value, "options"), {
      name: "TypeError",
      message: "Cannot convert options: not an object",
    });
  }
});

test("CORE-01 hardens a record: own, frozen, inheriting nothing", () => {
  const source = JSON.parse('{"ca":1,"__proto__":{"cert":2}}') as Record<string, unknown>;
  const copy = hardened<Record<string, unknown>>({ ...source, key: undefined });
  assert.equal(Object.getPrototypeOf(copy), null);
  assert.ok(Object.isFrozen(copy));
  assert.ok(Object.hasOwn(copy, "key"));
  assert.equal(copy.ca, 1);
  assert.equal(copy.cert, undefined);
  const polluted = Object.prototype as Record<string, unknown>;
  try {
    polluted.cert = "attacker";
    assert.equal(hardened({ ca: 1 } as Record<string, unknown>).cert, undefined);
  } finally {
    delete polluted.cert;
  }
});

test("CORE-01 refuses keys that reach prototypes in parsed JSON, at any depth", () => {
  for (const text of ['{"__proto__":1}', '[{"a":{"constructor":1}}]', '{"a":[[{"prototype":{}}]]}']) {
    assert.throws(
      () => refuseDangerousKeys(JSON.parse(text), "policy.json"),
      (error) => isParleyError(error, "CONFIG_INVALID"),
      text,
    );
  }
  for (const text of ["{}", "[]", "1", "null", '"__proto__"', '{"a":["constructor",{"b":"prototype"}],"proto":1}']) {
    refuseDangerousKeys(JSON.parse(text), "policy.json");
  }
});

test("CORE-01 refuses JSON nested deep, without running out of stack", () => {
  const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
  refuseDangerousKeys(nested(60), "policy.json");
  assert.throws(
    () => refuseDangerousKeys(nested(5000), "policy.json"),
    (error) => isParleyError(error, "CONFIG_INVALID"),
  );
});
