import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import {
  formatDestination,
  formatDestinationPattern,
  makeDestination,
  parseDestination,
  parseDestinationPattern,
  patternCovers,
  type Scheme,
} from "./destination.ts";
import type { ErrorCode } from "./error_codes.ts";
import { isParleyError } from "./errors.ts";
import { canonicalHost } from "./host.ts";

const PIN = "0123456789abcdef".repeat(4);

function fails(parse: () => unknown, code: ErrorCode, message: string): void {
  assert.throws(parse, (error) => isParleyError(error, code), message);
}

function covers(pattern: string, destination: string): boolean {
  return patternCovers(parseDestinationPattern(pattern, { wildcards: true }), parseDestination(destination));
}

test("NET-24 reads a destination and writes it in canonical form", () => {
  const table: readonly (readonly [string, string])[] = [
    ["mail.example.com:25", "mail.example.com:25"],
    ["tcp://MAIL.example.com.:25", "mail.example.com:25"],
    ["tls://bücher.example:993", "tls://xn--bcher-kva.example:993"],
    ["udp://1.2.3.4:53", "udp://1.2.3.4:53"],
    ["[2001:DB8::1]:25", "[2001:db8::1]:25"],
    ["[fe80::1%eth0]:9100", "[fe80::1%eth0]:9100"],
    ["[::ffff:1.2.3.4]:1", "1.2.3.4:1"],
    ["listen://127.0.0.1:8080", "listen://127.0.0.1:8080"],
    ["multicast://239.1.2.3:5000", "multicast://239.1.2.3:5000"],
    ["localhost:65535", "localhost:65535"],
    ["listen://[::]:0", "listen://[::]:0"],
    ["listen+udp://0.0.0.0:5353", "listen+udp://0.0.0.0:5353"],
    ["udp-peers://0.0.0.0:6881", "udp-peers://0.0.0.0:6881"],
    ["unix:///run/mpd/socket", "unix:///run/mpd/socket"],
    [`tls://a.example:1#spki=${PIN.toUpperCase()}`, `tls://a.example:1#spki=${PIN}`],
    [`a.example:1#spki=${PIN}`, `a.example:1#spki=${PIN}`],
  ];
  for (const [text, canonical] of table) {
    const destination = parseDestination(text);
    assert.equal(formatDestination(destination), canonical);
    assert.deepEqual(parseDestination(canonical), destination);
    assert.ok(Object.isFrozen(destination));
  }
  assert.deepEqual(parseDestination("a.example:25"), {
    scheme: "tcp",
    host: { kind: "name", text: "a.example", address: null },
    port: 25,
    spki: null,
  });
});

test("NET-24 refuses what is not a destination", () => {
  const texts = [
    ..."|a.example|a.example:|:80|a.example:0|a.example:65536|a.example:080|a.example:+80|a.example:8 0|a.example:80 "
      .split("|"),
    ..."a.example:１|a.example:0x50|a.example:1e2|http://a.example:80|TCP://a.example:80|//a.example:80|://a.example:80"
      .split("|"),
    ..."::1:80|[::1]|[::1:80|::1]:80|tls://|tls://a.example|a.example:80#|a.example:80#pin=1|a.example:80#spki=".split(
      "|",
    ),
    `a.example:80#spki=${PIN}0`,
    `a.example:80#spki=${PIN.slice(1)}g`,
    `a.example:80#spki=${PIN}#spki=${PIN}`,
    `udp://a.example:80#spki=${PIN}`,
    `listen://a.example:80#spki=${PIN}`,
    `${"a.".repeat(300)}example:80`,
    "x".repeat(100_000),
    ":".repeat(100_000),
  ];
  for (const text of texts) fails(() => parseDestination(text), "DEST_SYNTAX", text.slice(0, 60));
  for (
    const text of ["com:80", "127.1:80", "[1.2.3.4]:80", "a b.example:80", "tcp://udp://a.example:80", "u@a.example:80"]
  ) {
    assert.throws(() => parseDestination(text), (error) => isParleyError(error), text);
  }
  assert.throws(() => parseDestination(null as unknown as string), TypeError);
});

test("CON-23 takes wildcards, blocks and ranges from a rule file only, and says so", () => {
  for (
    const text of ["*:80", "*.example.com:80", "10.0.0.0/8:80", "[2001:db8::/32]:80", "a.example:*", "a.example:1-2"]
  ) {
    const inRules = /can stand only in a rule file/;
    assert.throws(() => parseDestination(text), inRules, text);
    assert.throws(() => parseDestinationPattern(text, { wildcards: false }), inRules, text);
    assert.throws(() => parseDestinationPattern(text, {} as { wildcards: boolean }), inRules, text);
    assert.equal(formatDestinationPattern(parseDestinationPattern(text, { wildcards: true })), text);
  }
  assert.equal(formatDestinationPattern(parseDestinationPattern("A.example:80", { wildcards: false })), "a.example:80");
});

test("CON-23 brings patterns into canonical form", () => {
  const table: readonly (readonly [string, string])[] = [
    ["tls://*.BÜCHER.example:1-65535", "tls://*.xn--bcher-kva.example:*"],
    ["a.example:7-7", "a.example:7"],
    ["[2001:DB8:0::/32]:1-9", "[2001:db8::/32]:1-9"],
    ["[::/0]:*", "[::/0]:*"],
    [`*:443#spki=${PIN.toUpperCase()}`, `*:443#spki=${PIN}`],
  ];
  for (const [text, canonical] of table) {
    assert.equal(formatDestinationPattern(parseDestinationPattern(text, { wildcards: true })), canonical);
  }
});

test("CON-23 refuses patterns that are none", () => {
  const bad =
    "10.1.2.3/8:1 10.0.0.0/33:1 [10.0.0.0/8]:1 2001:db8::/32:1 a.example/8:1 a.example:9-1 a.example:1- a.example:-1 " +
    "a.example:1-2-3 a.example:** *.localhost:1 [fe80::%eth0/10]:1 a.example:0-1 *.1.2.3.4:1";
  for (const text of bad.split(" ")) {
    fails(() => parseDestinationPattern(text, { wildcards: true }), "DEST_SYNTAX", text);
  }
  for (const text of ["*.com:1", "*.:1", "**:1", "*a.example:1", "a.*.example:1", "*.*.example:1"]) {
    fails(() => parseDestinationPattern(text, { wildcards: true }), "DEST_HOST", text);
  }
});

test("CON-23 covers the same host and port, and TLS where TCP is covered, never the other way round", () => {
  assert.ok(covers("a.example:25", "a.example:25"));
  assert.ok(covers("a.example:25", "tls://A.example.:25"));
  assert.ok(covers("tls://a.example:25", "tls://a.example:25"));
  assert.ok(!covers("tls://a.example:25", "a.example:25"));
  const schemes: readonly Scheme[] = ["tcp", "udp", "tls", "listen", "multicast"];
  for (const left of schemes) {
    for (const right of schemes) {
      const expected = left === right || (left === "tcp" && right === "tls");
      assert.equal(covers(`${left}://1.2.3.4:5`, `${right}://1.2.3.4:5`), expected, `${left} ${right}`);
    }
  }
  assert.ok(!covers("a.example:25", "a.example:26"));
  assert.ok(!covers("a.example:25", "b.example:25"));
  assert.ok(!covers("localhost:25", "127.0.0.1:25"));
  assert.ok(!covers("[fe80::1%eth0]:25", "[fe80::1%eth1]:25") && !covers("[fe80::1]:25", "[fe80::1%eth1]:25"));
});

test("CON-23 covers a range from its first to its last port", () => {
  for (const [port, expected] of [[9, false], [10, true], [15, true], [20, true], [21, false]] as const) {
    assert.equal(covers("a.example:10-20", `a.example:${port}`), expected);
  }
  assert.ok(covers("a.example:*", "a.example:1") && covers("a.example:*", "a.example:65535"));
});

test("CON-23 covers by a pin only a destination with that pin", () => {
  const other = "f".repeat(64);
  assert.ok(covers(`a.example:1#spki=${PIN}`, `a.example:1#spki=${PIN}`));
  assert.ok(!covers(`a.example:1#spki=${PIN}`, "a.example:1"));
  assert.ok(!covers(`a.example:1#spki=${PIN}`, `a.example:1#spki=${other}`));
  assert.ok(covers("a.example:1", `a.example:1#spki=${PIN}`), "a pin asks for more than the rule does");
});

test("CON-23 covers names below a suffix, and nothing else", () => {
  assert.ok(covers("*.example.com:1", "a.example.com:1") && covers("*.example.com:1", "a.b.example.com:1"));
  for (
    const text of ["example.com:1", "badexample.com:1", "a.example.com.evil.example:1", "1.2.3.4:1", "localhost:1"]
  ) {
    assert.ok(!covers("*.example.com:1", text), text);
  }
});

test("NET-14 covers by a block address literals only, never a name or a cloud's credentials", () => {
  assert.ok(covers("10.0.0.0/8:80", "10.1.2.3:80") && !covers("10.0.0.0/8:80", "11.0.0.0:80"));
  assert.ok(covers("0.0.0.0/0:80", "10.1.2.3:80") && !covers("0.0.0.0/0:80", "a.example:80"));
  assert.ok(!covers("0.0.0.0/0:80", "localhost:80") && !covers("0.0.0.0/0:80", "[::1]:80"));
  assert.ok(!covers("169.254.0.0/16:80", "169.254.169.254:80") && !covers("100.64.0.0/10:80", "100.100.100.200:80"));
  assert.ok(
    covers("169.254.169.254/32:80", "169.254.169.254:80") && covers("169.254.169.254:80", "169.254.169.254:80"),
  );
});

test("NET-14 covers by a bare wildcard names and public addresses only", () => {
  assert.ok(covers("*:80", "a.example:80") && covers("*:80", "1.1.1.1:80") && covers("*:80", "[2606:4700::1]:80"));
  for (
    const text of ["localhost:80", "127.0.0.1:80", "10.0.0.1:80", "[::1]:80", "169.254.169.254:80", "[fe80::1%eth0]:80"]
  ) {
    assert.ok(!covers("*:80", text), text);
  }
});

test("NET-24 makes a destination of its parts, and refuses parts that are none", () => {
  const host = canonicalHost("a.example");
  assert.equal(
    formatDestination(makeDestination({ scheme: "tls", host, port: 1, spki: PIN.toUpperCase() })),
    `tls://a.example:1#spki=${PIN}`,
  );
  for (const port of [0, -1, 65536, 1.5, NaN, Infinity, "80" as unknown as number]) {
    fails(() => makeDestination({ scheme: "tcp", host, port }), "DEST_SYNTAX", String(port));
  }
  fails(() => makeDestination({ scheme: "http" as Scheme, host, port: 1 }), "DEST_SYNTAX", "scheme");
  fails(() => makeDestination({ scheme: "constructor" as Scheme, host, port: 1 }), "DEST_SYNTAX", "scheme");
  fails(() => makeDestination({ scheme: "tcp", host, port: 1, spki: "" }), "DEST_SYNTAX", "spki");
});

test("CORE-01 reads and covers alike after Object.prototype was polluted", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  try {
    polluted.spki = PIN;
    polluted.wildcards = true;
    assert.equal(makeDestination({ scheme: "tcp", host: canonicalHost("a.example"), port: 1 }).spki, null);
    assert.throws(() => parseDestinationPattern("*:80", {} as { wildcards: boolean }), /rule file/);
    assert.ok(!covers(`a.example:1#spki=${PIN}`, "a.example:1"));
  } finally {
    delete polluted.spki;
    delete polluted.wildcards;
  }
});

test("NET-22 port 0 is one that the system picks, and stands for this machine's own addresses only", () => {
  for (const scheme of ["listen", "listen+udp", "udp-peers"]) {
    assert.equal(parseDestination(`${scheme}://127.0.0.1:0`).port, 0);
    assert.ok(covers(`${scheme}://127.0.0.1:*`, `${scheme}://127.0.0.1:0`));
    assert.ok(!covers(`${scheme}://127.0.0.1:8000-9000`, `${scheme}://127.0.0.1:0`));
  }
  for (const scheme of ["tcp", "udp", "tls", "multicast"]) {
    fails(() => parseDestination(`${scheme}://127.0.0.1:0`), "DEST_SYNTAX", scheme);
  }
});

test("NET-27 one way of listening is not another, and reaching a host is none of them", () => {
  const texts = ["tcp", "udp", "listen", "listen+udp", "udp-peers"].map((scheme) => `${scheme}://127.0.0.1:7`);
  for (const pattern of texts) {
    for (const text of texts) assert.equal(covers(pattern, text), pattern === text, `${pattern} for ${text}`);
  }
});

test("a path of a local socket is absolute, plain and short enough for the system", () => {
  for (
    const path of [
      "",
      "/",
      "run/x",
      "/run//x",
      "/run/../x",
      "/run/./x",
      "/run/x/",
      "/a\0b",
      "/a\u202eb",
      `/${"x".repeat(107)}`,
    ]
  ) {
    fails(() => parseDestination(`unix://${path}`), "DEST_HOST", path);
  }
  assert.ok(covers("unix:///run/x.sock", "unix:///run/x.sock"));
  assert.ok(!covers("unix:///run/x.sock", "unix:///run/y.sock"));
  assert.ok(!covers("*:*", "unix:///run/x.sock"));
  fails(
    () => makeDestination({ scheme: "tcp", host: parseDestination("unix:///x").host, port: 1 }),
    "DEST_SYNTAX",
    "tcp",
  );
});
