import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { isParleyError } from "./errors.ts";
import { canonicalHost, hostOfAddress, unicodeForm } from "./host.ts";
import { parseIpAddress } from "./ip_address.ts";

function refuses(texts: readonly string[]): void {
  for (const text of texts) {
    assert.throws(
      () => canonicalHost(text),
      (error) => isParleyError(error, "DEST_HOST"),
      JSON.stringify(text.slice(0, 60)),
    );
  }
}

test("NET-24 brings names to A-label, lower case, without trailing dot", () => {
  const table: readonly (readonly [string, string])[] = [
    ["example.com", "example.com"],
    ["EXAMPLE.com.", "example.com"],
    ["printer.local.", "printer.local"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["faß.de", "xn--fa-hia.de"],
    ["example。com", "example.com"],
    ["日本語.jp", "xn--wgv71a119e.jp"],
    ["مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"],
    ["_imaps._tcp.example.com", "_imaps._tcp.example.com"],
    ["r3---sn-a.example", "r3---sn-a.example"],
    ["3com.example", "3com.example"],
    ["1.2.3.example", "1.2.3.example"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ];
  for (const [text, canonical] of table) {
    assert.deepEqual(canonicalHost(text), { kind: "name", text: canonical, address: null }, text);
    assert.equal(canonicalHost(canonical).text, canonical);
  }
  assert.ok(Object.isFrozen(canonicalHost("example.com")));
});

test("NET-24 knows localhost and names below it", () => {
  for (const text of ["localhost", "LOCALHOST.", "a.localhost", "a.b.localhost.", "ｌocalhost"]) {
    assert.equal(canonicalHost(text).kind, "localhost", text);
  }
  assert.equal(canonicalHost("localhost.example").kind, "name");
  assert.equal(canonicalHost("notlocalhost.example").kind, "name");
});

test("NET-24 accepts plain addresses, with brackets around IPv6 or without", () => {
  assert.equal(canonicalHost("127.0.0.1").text, "127.0.0.1");
  assert.equal(canonicalHost("[2001:DB8::1]").text, "2001:db8::1");
  assert.equal(canonicalHost("::1").kind, "address");
  assert.equal(canonicalHost("[fe80::1%eth0]").text, "fe80::1%eth0");
  assert.equal(canonicalHost("::ffff:1.2.3.4").text, "1.2.3.4");
  const address = parseIpAddress("fe80::1%eth0");
  assert.ok(address);
  assert.deepEqual(hostOfAddress(address), canonicalHost("fe80::1%eth0"));
  refuses(["[1.2.3.4]", "[::1", "::1]", "[]", "[[::1]]", "[::1]:80", "::1%lo", "[example.com]"]);
});

test("NET-24 refuses numeric tricks", () => {
  refuses("2130706433|0x7f.1|0x7f000001|127.1|017700000001|127.0.0.01|0127.0.0.1|1.2.3.4.|0x|0".split("|"));
  refuses("１.１.１.１|127。0。0。1|①.1.1.1|１２７.1|a.0x7f|foo.1|example.com.1|1.2.3|256.256.256.256".split("|"));
});

test("NET-24 refuses single labels", () => refuses(["com", "router", "a", "com.", "bücher", "_x", "localdomain"]));

test("NET-24 refuses labels and names that DNS cannot hold", () => {
  refuses([".", "..", "a..b", ".a.b", "a.b..", "", "-a.example", "a-.example", "a.-"]);
  refuses([`${"a".repeat(64)}.example`, `${"abcdefg.".repeat(31)}example`, "a.".repeat(300), "x".repeat(100_000)]);
  assert.equal(canonicalHost(`${"abcdefg.".repeat(30)}${"a".repeat(13)}`).text.length, 253);
  refuses([`${"abcdefg.".repeat(30)}${"a".repeat(14)}`]);
});

test("NET-24 refuses what is not a host alone", () => {
  refuses([
    "a.b:80",
    "a.b/",
    "a.b/c",
    "u@a.b",
    "u:p@a.b",
    "a.b?x",
    "a.b#x",
    "a.b\\c",
    "http://a.b",
    "a%2eb.example",
    "a*.b",
  ]);
  refuses([
    "a b.example",
    " a.example",
    "a.example ",
    "a.example\n",
    "a\tb.example",
    "a\u0000.b",
    "a\u007f.b",
    "a\u0085.b",
  ]);
  refuses([
    'a".b',
    "a'.b",
    "<a>.b",
    "a|b.c",
    "a^b.c",
    "a{b}.c",
    "a`b.c",
    "a$b.c",
    "a,b.c",
    "*.example.com",
    "a+b.c",
    "a=b.c",
  ]);
});

test("NET-24 refuses invisible characters, which the URL parser would drop in silence", () => {
  for (const hidden of ["\u00ad", "\u200b", "\u2060", "\ufeff", "\u034f", "\ufe0f", "\u180e", "\u115f", "\u{e0041}"]) {
    refuses([`ex${hidden}ample.com`, `example.com${hidden}`]);
  }
  refuses(["\u202eexample.com", "ex\u2066ample.com", "ex\u200eample.com", "ex\u00a0ample.com", "ex\u3000ample.com"]);
  refuses(["ex\u200dample.com", "ex\u200cample.com", "ex\ud800ample.com", "ex\ue000ample.com"]);
});

test("NET-24 keeps a joiner where the script needs it", () => {
  const host = canonicalHost("نامه\u200cای.com");
  assert.equal(host.text, "xn--mgba3gch31f060k.com");
  assert.equal(unicodeForm(host.text), "نامه\u200cای.com");
});

test("NET-24 refuses A-labels that stand for nothing or for something else", () => {
  refuses("xn--.example|xn--a.example|xn--example-.com|xn--a-.com|xn--99999999.com|xn--ex-\u00e4.com".split("|"));
  // Punycode of a full-width letter, a soft hyphen, an upper-case letter, a letter not composed: no name converts to these.
  refuses(["xn--mi7c.example", "xn--example-mka.com", "xn--7ba.example", "xn--a-gcb.example"]);
});

test("CON-11 shows the Unicode form of A-labels only", () => {
  assert.equal(unicodeForm("xn--bcher-kva.example"), "bücher.example");
  assert.equal(unicodeForm("xn--ls8h.la"), "💩.la");
  assert.equal(unicodeForm("xn--mgbh0fb.xn--kgbechtv"), "مثال.إختبار");
  assert.equal(unicodeForm("xn--pple-43d.com"), "\u0430pple.com");
  for (const text of ["example.com", "127.0.0.1", "::1", "", "xn--a.example", "xn--.example", "x".repeat(100_000)]) {
    assert.equal(unicodeForm(text), null, text.slice(0, 40));
  }
});

test("NET-24 names the address a trick would have become, and holds long input short", () => {
  assert.throws(() => canonicalHost("2130706433"), /reads as the address 127\.0\.0\.1/);
  assert.throws(() => canonicalHost("x".repeat(100_000)), (error) => (error as Error).message.length < 200);
  assert.throws(() => canonicalHost(undefined as unknown as string), TypeError);
});
