/** The words that stand in for `y` where a single key is too easily pressed (CON-10). */
import { invariant } from "../../core/errors.ts";

/** 256 words of four letters, so that one random byte picks one without favouring any. */
export const CONFIRMATION_WORDS: readonly string[] = Object.freeze(
  `
acre airy apex aqua arch atom aunt auto away axle bake ball bank barn base bath bead beam bean beet bell belt bend
best bike bird blue boat bold book boot bowl brim bulb bush cafe cake calf camp card cart case cave cell chef chin
city clam club coal coat coin cold comb cone cook copy corn cost crab crew crow cube dawn deck deep deer dice dish
dock dome door dove draw drum duck dusk east easy echo edge epic exit face fact fair fern file film fire fish five
flag flat flow foil folk food foot fork form fort four frog fuel gate gift glad glow glue goal goat gold golf gown
gray grid grip gulf hall hand harp hawk heat hero high hill hive home hood hook horn host idea inch iris iron item
jade jazz join joke july june jury keen kelp kilo kind king kite kiwi knot lace lake lamb lamp land lark lava lawn
leaf lime lion list loaf loft logo long loop luck malt maps mask maze meal menu mile milk mint mist moon moss moth
myth nail navy near neck nest nine noon nose note oath oval oven pace page palm path pear pine pink plan plum poem
pole pond pool port quiz raft rail rain rice ring road rock root rope rose ruby sage sail salt sand seal ship shoe
silk sing snow soap sofa soup star stem tall tent tide tree tuna turn unit vase veil wave west wing wolf wood wool
yard yarn zero
`.trim().split(/\s+/),
);

/**
 * Picks a word by chance.
 *
 * @param random Supplies cryptographically strong random bytes.
 * @returns One of {@linkcode CONFIRMATION_WORDS}, each as likely as any other.
 * @throws {ParleyError} `INTERNAL_INVARIANT` when the source supplies nothing.
 */
export function pickWord(random: (length: number) => Uint8Array): string {
  const byte = random(1)[0];
  const word = byte === undefined ? undefined : CONFIRMATION_WORDS[byte];
  invariant(word !== undefined, "Cannot pick a word: the random source supplied no byte");
  return word;
}
