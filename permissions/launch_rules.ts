/**
 * What the operator approved or refused before the start: `--allow DESTINATION` flags and the variable PARLEY_ALLOW.
 * Exact destinations only; wildcards, CIDRs and port ranges come from rule files (CON-23).
 */
import { type DestinationPattern, parseDestinationPattern, patternCovers } from "../core/destination.ts";
import { ParleyError } from "../core/errors.ts";
import { escapeText } from "../core/escape.ts";
import type { Descriptor } from "./descriptor.ts";

/** More destinations than this in one variable or command line are refused. */
const MAX_RULES = 256;

/** Rules given at launch. Immutable. */
export class LaunchRules {
  readonly #allow: readonly DestinationPattern[];

  /** @param allow Patterns that are approved. */
  constructor(allow: readonly DestinationPattern[] = []) {
    this.#allow = [...allow];
  }

  /** Whether a rule approves the request. A `tls://` rule approves only TLS checked against the runtime's own roots. */
  allows(descriptor: Descriptor): boolean {
    const { destination, tls } = descriptor;
    if (destination === null) return false;
    const connects = descriptor.name === "direct-sockets";
    // A rule says which machine; here the proxy would.
    if (connects && descriptor.via?.remoteDns === true) return false;
    for (const pattern of this.#allow) {
      if (!patternCovers(pattern, destination)) continue;
      // All machines of a network are meant only where their address stands in full.
      if (connects && descriptor.broadcast && pattern.host.kind !== "address") continue;
      const ownTerms = tls !== null && (tls.caSha256 !== null || tls.serverName !== destination.host.text);
      if (pattern.scheme === "tls" && ownTerms) continue;
      return true;
    }
    return false;
  }
}

/**
 * Reads rules from flags and the variable. A part that is not valid approves nothing, and spoils the source it stands in.
 *
 * @param sources Texts of `--allow` flags, and the value of PARLEY_ALLOW (destinations separated by commas or blanks).
 * @param onInvalid Told of each source that was ignored, in words for the operator.
 */
export function parseLaunchRules(
  sources: { readonly flags: readonly string[]; readonly variable: string | undefined },
  onInvalid: (message: string) => void,
): LaunchRules {
  const patterns: DestinationPattern[] = [];
  const read = (texts: readonly string[], source: string): void => {
    try {
      if (texts.length > MAX_RULES) {
        throw new ParleyError("CONFIG_INVALID", `Cannot use more than ${MAX_RULES} destinations`);
      }
      patterns.push(...texts.map((text) => parseDestinationPattern(text, { wildcards: false })));
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      onInvalid(`${source} is not valid and approves nothing: ${escapeText(error.message)}`);
    }
  };
  for (const flag of sources.flags) read([flag], "--allow");
  if (sources.variable !== undefined) {
    read(sources.variable.split(/[\s,]+/u).filter((text) => text !== ""), "PARLEY_ALLOW");
  }
  return new LaunchRules(patterns);
}
