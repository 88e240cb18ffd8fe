import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { libraryOrigin } from "./library_origin.ts";

for (
  const [module, origin, kind] of [
    ["file:///app/node_modules/mqtt/dist/index.js", "npm:mqtt", "package"],
    ["file:///app/node_modules/@scope/name/index.js", "npm:@scope/name", "package"],
    ["file:///app/node_modules/a/node_modules/b/index.js", "npm:b", "package"],
    ["file:///app/node_modules/.pnpm/mqtt@5.1.0/node_modules/mqtt/index.js", "npm:mqtt", "package"],
    ["file:///app/node_modules/.deno/@scope+name@1.0.0/node_modules/@scope/name/x.js", "npm:@scope/name", "package"],
    ["file:///app/node_modules/@jsr/std__net/mod.js", "jsr:@std/net", "package"],
    ["file:///home/me/.cache/deno/npm/packages.npmjs.org/mqtt/5.16.0/dist/x.js", "npm:mqtt", "package"],
    ["file:///home/me/.cache/deno/npm/packages.npmjs.org/@scope/name/1.0.0-rc.1/x.js", "npm:@scope/name", "package"],
    ["file:///home/me/.cache/deno/npm/npm.corp.example/mqtt/5.16.0/x.js", "npm://npm.corp.example/mqtt", "package"],
    ["https://jsr.io/@std/net/1.0.6/mod.ts", "jsr:@std/net", "package"],
    ["https://cdn.example/@std/net/1.0.6/mod.ts", "https://cdn.example", "remote"],
    ["http://cdn.example:8000/a.ts", "http://cdn.example:8000", "remote"],
    ["npm:mqtt@5/x", "npm:mqtt", "package"],
    ["jsr:@std/net@1", "jsr:@std/net", "package"],
    ["file:///app/lib/mail.ts", "file:///app/lib/mail.ts", "file"],
    ["file:///app/npm/mqtt/index.js", "file:///app/npm/mqtt/index.js", "file"],
    ["file:///app/node_modules.ts", "file:///app/node_modules.ts", "file"],
    ["data:text/javascript,1", "opaque:library", "opaque"],
    ["blob:null/1", "opaque:library", "opaque"],
  ] as const
) {
  test(`NET-13 a library at ${module} is ${origin}`, () => {
    assert.deepEqual(libraryOrigin(module), { origin, kind });
  });
}
