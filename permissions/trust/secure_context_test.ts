import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { allowedOrigins, assessTrust, type TrustFacts } from "./secure_context.ts";

const LOCAL: TrustFacts = {
  mainModule: "file:///home/me/main.ts",
  source: "module",
  remote: [],
  uncheckedHosts: null,
  exposed: null,
  allowInsecure: undefined,
};
const HTTP_HERE = { mainModule: "http://127.0.0.1:8000/main.ts" };
const REMOTE = { mainModule: "https://cdn.example/main.ts" };

for (
  const [what, facts, reason] of [
    ["a local file", {}, null],
    ["a file with remote imports", { remote: ["https://cdn.example/a.ts", "npm:ms@2", "jsr:@a/b"] }, null],
    ["-e and a REPL at a terminal", { mainModule: null, source: "typed" }, null],
    ["https", REMOTE, null],
    ["a package", { mainModule: "npm:cowsay@1" }, null],
    [
      "a program piped into the runtime",
      { mainModule: null, source: "piped" },
      /piped into the runtime; put it into a file/,
    ],
    ["a data: or blob: URL", { mainModule: null, source: "data" }, /data: or blob: URL/],
    ["an import by data: URL", { remote: ["data:text/javascript,1"] }, /imports code from a data: URL/],
    ["an import by blob: URL", { remote: ["blob:null/1"] }, /imports code from a blob: URL/],
    [
      "plain http from elsewhere",
      { mainModule: "http://cdn.example/a.ts" },
      /came over plain http from cdn.example; use https/,
    ],
    ["plain http from this machine", HTTP_HERE, /start it with PARLEY_ALLOW_INSECURE=http:\/\/127\.0\.0\.1:8000$/],
    ["that with the operator's word", { ...HTTP_HERE, allowInsecure: "http://127.0.0.1:8000" }, null],
    ["that with the word for another port", { ...HTTP_HERE, allowInsecure: "http://127.0.0.1:80" }, /plain http/],
    ["elsewhere with the operator's word", {
      mainModule: "http://cdn.example/a.ts",
      allowInsecure: "http://cdn.example",
    }, /plain http/],
    [
      "an import over plain http",
      { remote: ["http://cdn.example/a.ts"] },
      /imports code over plain http from cdn.example/,
    ],
    ["an import over plain http with the word for the main module", {
      ...HTTP_HERE,
      allowInsecure: "http://127.0.0.1:8000",
      remote: ["http://[::1]:1/a.ts"],
    }, /imports code over plain http from \[::1\]:1/],
    ["https unchecked", { ...REMOTE, uncheckedHosts: [] }, /from cdn.example with certificate checks off/],
    ["https unchecked for it", { ...REMOTE, uncheckedHosts: ["cdn.example"] }, /certificate checks off/],
    ["https unchecked for another host", { ...REMOTE, uncheckedHosts: ["other.example"] }, null],
    [
      "packages unchecked",
      { remote: ["npm:ms"], uncheckedHosts: [] },
      /from npm:ms with certificate checks off/,
    ],
    ["jsr unchecked", { remote: ["jsr:@a/b"], uncheckedHosts: ["jsr.io"] }, /certificate checks off/],
    [
      "packages, any host unchecked",
      { remote: ["npm:ms"], uncheckedHosts: ["other.example"] },
      /certificate checks off/,
    ],
    ["a local file, unchecked", { uncheckedHosts: [] }, null],
    ["a file that all can write", {
      exposed: { path: "/srv/it's.ts", reason: "world-writable" },
    }, /by way of \/srv\/it's\.ts; set chmod o-w '\/srv\/it'\\''s\.ts'$/],
    ["a file that a group can write", { exposed: { path: "/srv", reason: "group-writable" } }, /chmod g-w \/srv$/],
    ["a file of somebody else", { exposed: { path: "/srv", reason: "foreign-owner" } }, /owner of \/srv;/],
  ] as readonly (readonly [string, Partial<TrustFacts>, RegExp | null])[]
) {
  test(`NET-16 ${what} is ${reason === null ? "trusted" : "not trusted, and the operator is told why"}`, () => {
    const found = assessTrust({ ...LOCAL, ...facts });
    if (reason === null) assert.equal(found, null);
    else assert.match(found ?? "trusted", reason);
  });
}

for (
  const [text, origins] of [
    [undefined, []],
    ["", []],
    ["http://127.0.0.1:8000/ignored, http://localhost http://[::1]:1", [
      "http://127.0.0.1:8000",
      "http://localhost",
      "http://[::1]:1",
    ]],
    ["http://127.9.9.9", ["http://127.9.9.9"]],
    ["http://192.168.1.1 https://127.0.0.1 127.0.0.1:8000 http://localhost.example *", []],
  ] as const
) {
  test(`NET-16 PARLEY_ALLOW_INSECURE=${text} is for ${origins.length} origins of this machine`, () => {
    assert.deepEqual([...allowedOrigins(text)], origins);
  });
}
