import assert from "node:assert/strict";
import { canonicalHost } from "../core/host.ts";
import { test } from "../tests/support/harness.ts";
import { isLookAlike } from "./look_alike.ts";

function judged(name: string): boolean {
  return isLookAlike(canonicalHost(name).text);
}

test("CON-11 names that can be taken for others are recognised: mixed scripts, and letters that all look Latin", () => {
  const names = [
    // Cyrillic a among Latin letters; all of it Cyrillic; Greek omicron; one below the top.
    "\u0430pple.com",
    "\u0430\u0440\u0440\u04cf\u0435.com",
    "g\u03bf\u03bfgle.example",
    "www.p\u0430ypal.com",
    // Latin letters that hardly differ: a with a dot below, dotless i, script g, alpha.
    "p\u1ea1ypal.example",
    "\u0131n\u0131t.example",
    "\u0261oogle.example",
    // Armenian and Cherokee, of which nothing is known here.
    "\u0585\u0585.example",
    // Cyrillic that is written by itself, but reads as Latin throughout.
    "\u0441\u043e\u0440.example",
  ];
  for (const name of names) assert.equal(judged(name), true, name);
});

test("CON-11 names in a language of their own are not", () => {
  const names = [
    "mail.example",
    "m\u00fcller.example",
    "\u017elu\u0165ou\u010dk\u00fd-k\u016f\u0148.example",
    "stra\u00dfe.example",
    "\u044f\u043d\u0434\u0435\u043a\u0441.example",
    "\u03c0\u03b1\u03c1\u03ac\u03b4\u03b5\u03b9\u03b3\u03bc\u03b1.example",
    "\u4f8b\u3048.example",
    "\u30c6\u30b9\u30c8-2.example",
    "\ud55c\uad6d.example",
    "\u0645\u062b\u0627\u0644.example",
    "\u0e15\u0e31\u0e27\u0e2d\u0e22\u0e48\u0e32\u0e07.example",
    "127.0.0.1",
    "::1",
  ];
  for (const name of names) assert.equal(judged(name), false, name);
});
