import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { mainRequester } from "./main_requester.ts";

for (
  const [mainModule, origin, kind, rememberable] of [
    ["file:///home/me/main.ts", "file:///home/me/main.ts", "file", true],
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
