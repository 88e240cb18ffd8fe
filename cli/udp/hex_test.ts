import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { bytesOfHex, hexOfBytes } from "./hex.ts";

test("NET-07 hexadecimal lines are read as other tools print bytes, and written back the same", () => {
  for (const text of ["40000aFf", "40 00 0a ff", "  4000\t0AFF ", "40:00:0a:ff", "40:00 0aff"]) {
    assert.deepEqual(bytesOfHex(text), Uint8Array.of(0x40, 0, 10, 255), text);
  }
  assert.deepEqual(bytesOfHex(""), new Uint8Array(0));
  assert.equal(hexOfBytes(Uint8Array.of(0x40, 0, 10, 255)), "40000aff");
  assert.equal(hexOfBytes(new Uint8Array(0)), "");
});

test("NET-07 what is no pairs of hexadecimal digits is refused whole", () => {
  for (
    const text of [
      "4",
      "400",
      "4 0",
      "0x40",
      "40g0",
      "40::00",
      ":40",
      "40:",
      "40: 00",
      "40 :00",
      "\u0664\u0660",
      "40,00",
    ]
  ) {
    assert.equal(bytesOfHex(text), null, JSON.stringify(text));
  }
});

test("NET-07 the largest datagram is read, and text just as long that is wrong at its end is refused soon", () => {
  const text = "ab ".repeat(65_507);
  assert.equal(bytesOfHex(text)?.byteLength, 65_507);
  assert.equal(bytesOfHex(`${text}x`), null);
  assert.equal(bytesOfHex(`ab${" ".repeat(200_000)}x`), null);
});
