/**
 * The keys of far ends as the operator keeps them: pins on file, rules that name a key, and else the operator's word
 * (CON-05). With nobody to ask, what no pin or rule names is refused.
 */
import type { Destination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { Grant } from "../grant.ts";
import type { Answer } from "../prompter.ts";
import { fingerprintLines } from "./fingerprint.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";
import type { KeyMismatch, PeerKeys, PinnedKey } from "./peer_keys_port.ts";
import { isBroken, type PinStore } from "./pin_store.ts";
import { ruleKeyOf } from "./rule_key.ts";

/** What keys are kept with. */
export interface KeyKeeperInit {
  /** The pins on file. */
  readonly store: PinStore;
  /**
   * Puts the question about a key, made by `key_question.ts`.
   *
   * @param grant The approval of the connection.
   * @param facts What the far end showed.
   * @param how What withdraws the question, and whether the key can be pinned.
   */
  ask(
    grant: Grant,
    facts: PeerKeyFacts,
    how: { readonly signal: AbortSignal; readonly remembers: boolean },
  ): Promise<Answer>;
  /** Tells the operator one line. The keeper has escaped it. */
  report(line: string): void;
}

const UNREADABLE: PinnedKey = Object.freeze({ spkiSha256: null, replacesChecks: false });

/** Keeps keys. */
export class KeyKeeper implements PeerKeys {
  readonly #init: KeyKeeperInit;

  /** @param init What with. */
  constructor(init: KeyKeeperInit) {
    this.#init = Object.freeze({ ...init });
  }

  /** The key that is pinned for a host and port. */
  pinned({ host, port }: Destination): PinnedKey | null {
    if (host.kind === "path") return null;
    const pin = this.#init.store.find(host.text, port);
    if (pin === null) return null;
    if (!isBroken(pin)) return pin;
    const where = formatHostPort(host.text, port);
    this.#say(`the pinned key of ${where} cannot be read, so no key is taken for it: ${pin.problem}`);
    return UNREADABLE;
  }

  /** Notes that the pinned key was met. */
  met({ host, port }: Destination): void {
    this.#init.store.met(host.text, port);
  }

  /** Tells both fingerprints, their dates, and the one way to take the new key. */
  mismatch({ destination: { host, port } }: Grant, { source, expected, seen }: KeyMismatch): void {
    const where = formatHostPort(host.text, port);
    if (expected === null) {
      this.#say(`${where} is refused until its pin can be read, or is taken away: parley pins remove ${where}`);
      return;
    }
    const pin = source === "pin" ? this.#init.store.find(host.text, port) : null;
    const dates = pin === null || isBroken(pin)
      ? DEMANDS[source]
      : `pinned ${day(Date.parse(pin.since))}, last met ${day(pin.lastSeenMs)}`;
    this.#say(`THE KEY OF ${where} IS NOT THE ONE THAT IS EXPECTED. Somebody may be in between.`);
    this.#say(`  expected ${fingerprintLines(expected).join(" ")} (${dates})`);
    if (seen === null) return this.#say("  and the pin, the rule or the program ask for different ones");
    const validity = `certificate of ${day(seen.validFromMs)} to ${day(seen.validToMs)}`;
    this.#say(`  shown    ${fingerprintLines(seen.spkiSha256).join(" ")} (${validity}, ${oneLine(seen.subject)})`);
    if (source === "pin") this.#say(`  if the owner of ${where} confirms it: parley pins replace ${where}`);
  }

  /** Whether the operator takes the key: by a rule, or by an answer. */
  async approve(grant: Grant, facts: PeerKeyFacts, signal: AbortSignal): Promise<boolean> {
    if (isNamedByRule(grant, facts)) return true;
    const { store, ask } = this.#init;
    const remembers = store.obstacle === null;
    const answer = await ask(grant, facts, { signal, remembers });
    if (answer.kind === "deny") {
      if (answer.reason === "no-terminal") this.#unasked(facts);
      return false;
    }
    // Nobody can be given more than was offered.
    if (answer.lifetime === "always" && remembers) this.#pin(facts);
    return true;
  }

  #pin(facts: PeerKeyFacts): void {
    try {
      this.#init.store.put(facts, { replacesChecks: true });
    } catch (error) {
      this.#say(
        `the key holds for this connection only: ${error instanceof ParleyError ? error.message : String(error)}`,
      );
    }
  }

  #unasked({ host, port, spkiSha256 }: PeerKeyFacts): void {
    const where = formatHostPort(host, port);
    this.#say(
      `nobody vouches for the key of ${where}, and there is no terminal to ask at; its SHA-256 is ${spkiSha256}`,
    );
  }

  #say(line: string): void {
    this.#init.report(`parley: ${escapeText(line)}`);
  }
}

const DEMANDS: Readonly<Record<KeyMismatch["source"], string>> = Object.freeze({
  __proto__: null as never,
  pin: "pinned",
  destination: "the destination asks for it",
  rule: "the rule asks for it",
  program: "the program asks for it",
});

/** A rule that names the key of one host and port is the operator's answer in advance. */
function isNamedByRule(grant: Grant, { spkiSha256 }: PeerKeyFacts): boolean {
  const key = ruleKeyOf(grant);
  return key?.exact === true && key.spkiSha256 === spkiSha256;
}

function day(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().slice(0, 10) : "an unknown day";
}

function oneLine(name: string): string {
  return name === "" ? "no name" : name.replaceAll("\n", ", ");
}
