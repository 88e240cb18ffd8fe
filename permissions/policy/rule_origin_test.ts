import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { test } from "../../tests/support/harness.ts";
import { mainRequester } from "../main_requester.ts";
import { readOrigin } from "./rule_origin.ts";

/** Every spelling of a path in the URLs that runtimes make of main modules. */
function spellings(path: string): string[] {
  const bySetter = new URL("file:///");
  bySetter.pathname = path.replaceAll("%", "%25").replaceAll("\\", "%5C");
  // So Deno names a main module.
  return [pathToFileURL(path).href, bySetter.href, bySetter.href.replaceAll("%5E", "^")];
}

test("NET-15 a path, and each URL of it, is the origin that a program at that path has", () => {
  const odd = "/srv/back\\slash.ts";
  for (
    const path of ["/srv/main.ts", "/srv/a b/ü?x#y%20z%5B.ts", odd, "/srv/[a](b)'c'~^`{}|;,@&=+$!*\"<>.ts", "/日本.ts"]
  ) {
    const reading = readOrigin(path);
    assert.ok("origins" in reading, path);
    for (const url of spellings(path)) {
      assert.ok(reading.origins.includes(mainRequester(url, 1).origin), `${path} as ${url}`);
      assert.deepEqual(readOrigin(url), reading, url);
    }
  }
});

test("NET-15 other origins are those of requesters, too", () => {
  const origins: readonly (readonly [text: string, module: string])[] = [
    ["https://tools.example", "https://tools.example/x/main.ts"],
    ["https://Tools.example:8443/", "https://tools.example:8443/main.ts"],
    ["https://tools.example:443", "https://tools.example/main.ts"],
    ["npm:reporter", "npm:reporter@1.2.3/bin"],
    ["npm:@scope/reporter", "npm:/@scope/reporter@1.2.3"],
    ["jsr:@scope/reporter", "jsr:@scope/reporter@1/cli"],
  ];
  for (const [text, module] of origins) {
    assert.deepEqual(readOrigin(text), { origins: [mainRequester(module, 1).origin] });
  }
});

test("CON-09 what names no one program, or an insecure one, is refused", () => {
  const texts = [
    "",
    "main.ts",
    "./main.ts",
    "~/main.ts",
    "/",
    "/srv/",
    "/srv//main.ts",
    "/srv/../main.ts",
    "/srv/./main.ts",
    "/srv/main\n.ts",
    "file:///srv/",
    "file://host/srv/main.ts",
    "file:///srv/main.ts?x",
    "file:///srv/main.ts#x",
    "file:///srv/a%2fmain.ts",
    "file:///srv/%ff.ts",
    "/srv/\ud800.ts",
    "http://tools.example",
    "https://tools.example/x",
    "https://me@tools.example",
    "npm:reporter@1.2.3",
    "npm:",
    "jsr:reporter",
    "jsr:@scope/reporter@1",
    "opaque:main",
    "data:,x",
  ];
  for (const text of texts) assert.ok("problem" in readOrigin(text), text);
});

test("CON-23 a verb of the command has a name, so that learn mode can write down what was approved to it", () => {
  assert.deepEqual(readOrigin("parley:connect"), { origins: ["parley:connect"] });
  assert.ok("problem" in readOrigin("parley:"));
  assert.ok("problem" in readOrigin("parley:Connect"));
});
