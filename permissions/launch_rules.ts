/**
 * What the operator approved or refused before the start: `--allow DESTINATION` flags and the variable PARLEY_ALLOW.
 * Exact destinations only; wildcards, CIDRs and port ranges come from rule files (CON-23).
 */
import { parseDestinationPattern } from "../core/destination.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import { featureOfScheme } from "./feature.ts";
import type { Rule } from "./rule.ts";

/** More destinations than this in one variable or command line are refused. */
const MAX_RULES = 256;

/**
 * Reads rules from flags and the variable. A part that is not valid approves nothing, and spoils the source it stands in.
 *
 * @param sources Texts of `--allow` flags, and the value of PARLEY_ALLOW (destinations separated by commas or blanks).
 * @param onInvalid Told of each source that was ignored, in words for the operator.
 */
export function parseLaunchRules(
  sources: { readonly flags: readonly string[]; readonly variable: string | undefined },
  onInvalid: (message: string) => void,
): readonly Rule[] {
  const rules: Rule[] = [];
  const read = (texts: readonly string[], source: string): void => {
    try {
      if (texts.length > MAX_RULES) {
        throw new ParleyError("CONFIG_INVALID", `Cannot use more than ${MAX_RULES} destinations`);
      }
      rules.push(...texts.map((text, index) => launchRule(text, `${source}#${index + 1}`)));
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      onInvalid(`${source} is not valid and approves nothing: ${escapeText(error.message)}`);
    }
  };
  for (const flag of sources.flags) read([flag], "--allow");
  if (sources.variable !== undefined) {
    read(sources.variable.split(/[\s,]+/u).filter((text) => text !== ""), "PARLEY_ALLOW");
  }
  return Object.freeze(rules);
}

function launchRule(text: string, id: string): Rule {
  const to = parseDestinationPattern(text, { wildcards: false });
  return Object.freeze({
    id,
    author: "flag",
    effect: "allow",
    feature: featureOfScheme(to.scheme),
    origins: null,
    to,
    addresses: [],
    skipCors: false,
    untilMs: null,
  });
}
