/**
 * Destinations in the log as keyed hashes (P-09): equal ones stay equal, and nobody who has the log without the key can
 * tell which they are, nor find one by guessing.
 */
import type { Destination } from "../../core/destination.ts";
import { ERROR_CODES } from "../../core/error_codes.ts";
import type { Digest } from "./append_log_port.ts";

/** Hex digits of a hash: enough to tell apart what one operator connects to. */
const DIGITS = 16;
const CODE = /[A-Z]+_[A-Z_]+/g;
const SAID_OF_ENCRYPTION = /NOT ENCRYPTED|TLSv1\.[0-9]/g;

const { hasOwn } = Object;

/** Hashes what names a destination. */
export class Redaction {
  readonly #digest: Digest;
  readonly #key: string;

  /**
   * @param digest Hashes.
   * @param key The secret.
   */
  constructor(digest: Digest, key: string) {
    this.#digest = digest;
    this.#key = key;
  }

  /** A text, as `#` and a part of its hash. */
  text(text: string): string {
    return `#${this.#digest.hmac(this.#key, text).slice(0, DIGITS)}`;
  }

  /** A destination: what is done there stays, host and port are hashed apart. */
  destination({ scheme, host, port, spki }: Destination): string {
    const pin = spki === null ? "" : `#spki=${this.text(spki)}`;
    return `${scheme}://${this.text(host.text)}:${this.text(String(port))}${pin}`;
  }

  /** Words of Parley's about a connection: its codes and whether it is encrypted stay, the rest may name anything. */
  detail(text: string): string {
    const codes = (text.match(CODE) ?? []).filter((code) => hasOwn(ERROR_CODES, code));
    return [...codes, ...(text.match(SAID_OF_ENCRYPTION) ?? []), this.text(text)].join(" ");
  }
}
