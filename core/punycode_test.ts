import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { decodePunycode } from "./punycode.ts";

test("CON-11 decodes Punycode, the samples of RFC 3492 section 7.1 among it", () => {
  const samples: readonly (readonly [encoded: string, text: string])[] = [
    ["egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"],
    ["ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"],
    ["ihqwctvzc91f659drss3x8bo0yb", "他們爲什麽不說中文"],
    ["n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa", "なぜみんな日本語を話してくれないのか"],
    ["3b-ww4c5e180e575a65lsy2b", "3年b組金八先生"],
    ["2-u9tlzr9756bt3uc0v", "ひとつ屋根の下2"],
    ["d9juau41awczczp", "そのスピードで"],
    ["bcher-kva", "bücher"],
    ["x-y-jd23b", "💩x-y"],
    ["9caaaaaaaaaa", "é".repeat(10)],
    ["--ylbdef1k", "αβγδ-ω"],
  ];
  for (const [encoded, text] of samples) assert.equal(decodePunycode(encoded), text, encoded);
});

test("CON-11 refuses what is not Punycode", () => {
  for (const encoded of ["", "-", "abc-", "b9", "99999999", "ü", "A", "a b", "99999999999999999999", "z".repeat(60)]) {
    assert.equal(decodePunycode(encoded), null, encoded);
  }
  assert.equal(decodePunycode("9".repeat(59)), null);
  assert.equal(decodePunycode("a".repeat(100_000)), null);
});
