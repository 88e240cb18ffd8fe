/** Properties of the parsers and the escaper in core, over generated input. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Destination,
  formatDestination,
  formatDestinationPattern,
  parseDestination,
  parseDestinationPattern,
  patternCovers,
} from "../../core/destination.ts";
import { Cursor } from "../../core/bytes/cursor.ts";
import { isParleyError } from "../../core/errors.ts";
import { escapeBytes, escapeMarkup, escapeText, heldBack } from "../../core/escape.ts";
import { type CanonicalHost, canonicalHost, unicodeForm } from "../../core/host.ts";
import { classifyAddress, parseAddressBlock, parseIpAddress } from "../../core/ip_address.ts";
import { decodePunycode } from "../../core/punycode.ts";
import { RUNTIME, test } from "../support/harness.ts";

const RUNS = { numRuns: 500 };
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/v;

const word = (text: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...text), maxLength });
/** Text near the grammars, and any text. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  word("0123456789abcdefxABX:.%[]/*-#@ _\u200b\u202e。１ü", 40),
  word("xn-abz09.", 30),
);
const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join("."));
const ipv6 = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(":"));
const label = fc.oneof(
  word("abcxyz0123456789", 12).filter((part) => part !== ""),
  fc.constantFrom("bücher", "日本語", "xn--bcher-kva", "_tcp", "a-b"),
);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => [...labels, "example"].join("."));
const host = fc.oneof(
  name,
  ipv4,
  ipv6.map((address) => `[${address}]`),
  fc.constantFrom("localhost", "[fe80::1%eth0]"),
);
const port = fc.integer({ min: 1, max: 65535 });
const pin = fc.option(word("0123456789abcdefABCDEF", 64).map((digits) => digits.padEnd(64, "0")), { nil: null });

const destinationText = fc.record({
  scheme: fc.constantFrom("", "tcp://", "tls://", "udp://", "listen://", "multicast://"),
  host,
  port,
  pin,
}).map((parts) => {
  const pinned = parts.pin !== null && ["", "tcp://", "tls://"].includes(parts.scheme);
  return `${parts.scheme}${parts.host}:${parts.port}${pinned ? `#spki=${parts.pin}` : ""}`;
});
const patternText = fc.record({
  scheme: fc.constantFrom("", "tls://", "udp://"),
  host: fc.oneof(host, fc.constantFrom("*", "*.a.example", "10.0.0.0/8", "[2001:db8::/32]", "[::/0]", "0.0.0.0/0")),
  ports: fc.oneof(
    port.map(String),
    fc.constant("*"),
    fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  ),
}).map((parts) => `${parts.scheme}${parts.host}:${parts.ports}`);

function tolerate(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(isParleyError(error, "DEST_HOST") || isParleyError(error, "DEST_SYNTAX"), String(error));
  }
}

function parseAll(input: string): void {
  tolerate(() => canonicalHost(input));
  tolerate(() => parseDestination(input));
  tolerate(() => parseDestination(`${input}:80`));
  tolerate(() => parseDestinationPattern(input, { wildcards: true }));
  parseIpAddress(input);
  parseAddressBlock(input);
  unicodeForm(input);
  decodePunycode(input);
  escapeText(input);
  escapeMarkup(input);
}

test("NET-24 parsers refuse any text with an error of their own, or take it", () => {
  fc.assert(fc.property(text, parseAll), RUNS);
});

test("NET-24 parsers and the escaper end soon on long text", () => {
  const pieces = [
    ":",
    ".",
    "a.",
    "1.",
    "[",
    "%",
    "*",
    "-",
    "xn--",
    "a:",
    "0:",
    "::",
    "#spki=",
    "/",
    "\u0301",
    "\u202e",
    "\\u{",
    "💩",
  ];
  const started = performance.now();
  for (const piece of pieces) parseAll(piece.repeat(100_000 / piece.length));
  // Linear work takes milliseconds; backtracking on 100,000 characters would take minutes.
  assert.ok(performance.now() - started < 10_000);
});

test("NET-24 a canonical host is its own canonical form and holds nothing but host characters", () => {
  fc.assert(
    fc.property(fc.oneof(host, text), (input) => {
      let canonical: CanonicalHost;
      try {
        canonical = canonicalHost(input);
      } catch {
        return;
      }
      assert.deepEqual(canonicalHost(canonical.text), canonical);
      assert.match(canonical.text, canonical.kind === "address" ? /^[0-9a-f:.]+(%[\w.-]+)?$/ : /^[a-z0-9_.-]+$/);
      assert.equal(canonical.address !== null, canonical.kind === "address");
    }),
    RUNS,
  );
});

test("NET-24 addresses read as the URL parser reads them, wherever both take them", () => {
  const near = fc.oneof(
    ipv6,
    word("0123456789abcdef:", 39),
    word("0f:.12", 20),
    ipv4.map((quad) => `::${quad}`),
    word(":01", 18),
  );
  fc.assert(
    fc.property(near, (input) => {
      const address = parseIpAddress(input);
      let other: string | null = null;
      try {
        other = new URL(`http://[${input}]/`).hostname.slice(1, -1);
      } catch {
        // Not an IPv6 address to the URL parser.
      }
      if (address?.family === 4 && !input.includes(":")) return;
      // Bun 1.4.5 takes `[::1:]`, with a colon too many at the end, for an address.
      if (RUNTIME === "bun" && /[^:]:$/.test(input)) return;
      assert.equal(address === null, other === null, input);
      if (address?.family === 6) assert.equal(address.text, other);
      if (address?.family === 4) assert.equal(new URL(`http://[::ffff:${address.text}]/`).hostname.slice(1, -1), other);
    }),
    { numRuns: 3000 },
  );
});

test("NET-24 a canonical address reads back as itself", () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (input) => {
      const address = parseIpAddress(input);
      assert.ok(address);
      assert.deepEqual(parseIpAddress(address.text), address);
    }),
    RUNS,
  );
});

test("NET-14 an address that carries another is never public, but for NAT64 of a public one", () => {
  const inner = ipv4.map((quad) => quad.split(".").map(Number));
  fc.assert(
    fc.property(inner, ([a = 0, b = 0, c = 0, d = 0]) => {
      const hex = `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
      for (const outer of [`2002:${hex}::1`, `64:ff9b::${hex}`, `2001::${hex}`, `::${hex}`]) {
        const address = parseIpAddress(outer);
        assert.ok(address);
        const carried = parseIpAddress(`${a}.${b}.${c}.${d}`);
        const reachable = outer.startsWith("64:ff9b:") && carried !== null && classifyAddress(carried) === "public";
        assert.equal(classifyAddress(address) === "public", reachable, outer);
      }
    }),
    RUNS,
  );
});

test("NET-24 a destination survives being written and read", () => {
  let read = 0;
  fc.assert(
    fc.property(destinationText, (input) => {
      const destination: Destination = parseDestination(input);
      const written = formatDestination(destination);
      assert.deepEqual(parseDestination(written), destination);
      assert.equal(formatDestination(parseDestination(written)), written);
      const pattern = parseDestinationPattern(input, { wildcards: false });
      assert.equal(formatDestinationPattern(pattern), written);
      assert.ok(patternCovers(pattern, destination));
      read++;
    }),
    RUNS,
  );
  assert.equal(read, RUNS.numRuns);
});

test("CON-23 a pattern survives being written and read", () => {
  fc.assert(
    fc.property(patternText, (input) => {
      const pattern = parseDestinationPattern(input, { wildcards: true });
      const written = formatDestinationPattern(pattern);
      assert.deepEqual(parseDestinationPattern(written, { wildcards: true }), pattern);
    }),
    RUNS,
  );
});

/** Undoes the escaper. */
function revert(escaped: string): string {
  return escaped.replace(/\\u\{([0-9a-f]+)\}/g, (_, digits: string) => String.fromCodePoint(parseInt(digits, 16)));
}

const risky = fc.oneof(
  text,
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 60 }),
  word("\\u{}0a\u001b\u202e\u0301\n\r\t\ud800\udc00\u{e0041}x", 40),
);

test("CON-11 what is escaped holds nothing hidden and can be told back exactly", () => {
  fc.assert(
    fc.property(risky, (input) => {
      const escaped = escapeText(input, { maxLength: Infinity });
      assert.doesNotMatch(escaped, HIDDEN);
      assert.doesNotMatch(escaped, /^[\p{Mn}\p{Me}]|[\p{Mn}\p{Me}]{4}/u);
      assert.equal(revert(escaped), input);
      // Escaping again changes backslashes only: nothing that needs it is left.
      assert.equal(revert(escapeText(escaped, { maxLength: Infinity })), escaped);
      assert.doesNotMatch(escapeText(input, { newlines: "keep" }).replaceAll("\n", ""), HIDDEN);
    }),
    RUNS,
  );
});

test("CON-11 what is cut stays within its limit", () => {
  fc.assert(
    fc.property(risky, fc.integer({ min: 1, max: 50 }), (input, maxLength) => {
      const note = / \.\.\.\[\d+ characters in all\]\.\.\. /;
      const escaped = escapeText(input, { maxLength });
      assert.ok([...escaped.replace(note, "")].length <= maxLength, escaped);
      assert.doesNotMatch(escaped, HIDDEN);
    }),
    RUNS,
  );
});

test("CON-11 bytes are shown safely, and as their text where they are text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.string({ unit: "binary" }), (bytes, valid) => {
      assert.doesNotMatch(escapeBytes(bytes), HIDDEN);
      assert.ok(heldBack(bytes) <= Math.min(3, bytes.length));
      const encoded = new TextEncoder().encode(valid);
      if (!valid.includes("\\")) {
        assert.equal(escapeBytes(encoded), escapeText(valid.toWellFormed(), { maxLength: Infinity }));
      }
    }),
    RUNS,
  );
});

test("CORE-02 a cursor never throws and never leaves its bytes", () => {
  const read = fc.tuple(
    fc.constantFrom("u8", "i16be", "u24le", "u32le", "u64be", "f32le", "take", "skip", "utf8"),
    fc.oneof(fc.integer(), fc.double()),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(read, { maxLength: 20 }), (bytes, reads) => {
      const cursor = new Cursor(bytes);
      for (const [method, count] of reads) {
        if (method === "take" || method === "utf8") cursor[method as "take"](count);
        else if (method === "skip") cursor.skip(count, "any");
        else cursor[method as "u8"]();
        assert.ok(cursor.offset >= 0 && cursor.offset <= bytes.length);
        assert.equal(cursor.ok, cursor.failure === null);
      }
    }),
    RUNS,
  );
});
