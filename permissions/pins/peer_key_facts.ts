/** What is known of a far end's key, for questions, pins and messages. */

/** What a far end showed of itself in a handshake that proved that it has the key. Everything is its own word, unescaped. */
export interface PeerKeyFacts {
  /** The host that was approved, canonical. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** Why the certificate is not trusted; null where it is. */
  readonly reason: "untrusted" | "name" | "expired" | null;
  /** The same as the TLS library calls it, or null. */
  readonly chainError: string | null;
  /** The certificate's subject, one `name=value` a line. */
  readonly subject: string;
  /** Its issuer, likewise. */
  readonly issuer: string;
  /** The names that it is for, as text. */
  readonly subjectAltName: string;
  /** Start of its validity, ms since 1970. */
  readonly validFromMs: number;
  /** End of its validity, ms since 1970. */
  readonly validToMs: number;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly certSha256: string;
  /** SHA-256 of the key (SubjectPublicKeyInfo), lower-case hex: what is pinned. */
  readonly spkiSha256: string;
}
