import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { mainRequester } from "./main_requester.ts";

for (
  const [mainModule, origin, kind, rememberable] of [
    ["file:///home/me/main.ts", "file:///home/me/main.ts", "file", true],
    ["file:///home/me/main.ts?v=1#x", "file:///home/me/main.ts", "file", true],
    ["https://cdn.example:8443/x/main.ts?v=1", "https://cdn.example:8443", "remote", true],
    ["http://cdn.example/main.ts", "http://cdn.example", "remote", false],
    ["jsr:@scope/name@1.2.3/mod", "jsr:@scope/name", "package", true],
    ["npm:name@1", "npm:name", "package", true],
    ["npm:/@scope/name@1", "npm:@scope/name", "package", true],
    ["data:text/javascript,1", "opaque:main", "opaque", false],
    ["blob:null/1", "opaque:main", "opaque", false],
    ["not a URL", "opaque:main", "opaque", false],
    [null, "opaque:main", "opaque", false],
  ] as const
) {
  test(`CON-09 main module ${mainModule} is ${origin}${rememberable ? "" : ", never to be remembered"}`, () => {
    const requester = mainRequester(mainModule, 42);
    assert.deepEqual([requester.origin, requester.kind, requester.rememberable], [origin, kind, rememberable]);
    assert.equal(requester.evidence, "claimed");
    assert.equal(requester.schema, 1);
  });
}

test("CON-09 an answer is not remembered for code that is not trusted, nor for code that was not read whole", () => {
  const code = {
    mainSha256: "aa",
    lockSha256: null,
    modules: [{ url: "file:///lib.ts", sha256: "bb" }],
    complete: true,
  };
  const make = (facts: Parameters<typeof mainRequester>[2]): [boolean, string | null, number] => {
    const { rememberable, mainSha256, modules } = mainRequester("file:///main.ts", 1, facts);
    return [rememberable, mainSha256, modules.length];
  };
  assert.deepEqual(make({ insecure: null, code }), [true, "aa", 1]);
  assert.deepEqual(make({ insecure: "so", code }), [false, "aa", 1]);
  assert.deepEqual(make({ insecure: null, code: { ...code, complete: false } }), [false, "aa", 1]);
  // Over plain http by the operator's word: it may ask, and nothing is kept.
  assert.equal(mainRequester("http://127.0.0.1:1/a.ts", 1, { insecure: null, code }).rememberable, false);
});
