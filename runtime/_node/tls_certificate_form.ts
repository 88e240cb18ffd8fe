/**
 * Whether a certificate is in the one form that every TLS stack reads: X.509 version 3, in strict DER.
 *
 * The stack of Deno (rustls behind `node:tls`) cannot read others, and takes them all the same, as Node does. Then it compares
 * names in place of signatures, of the chain and of the handshake alike, even where verification is on: whoever is on the
 * way can send such a chain for any name. Hence a look at every certificate of the other side before anything is believed.
 * What is read here is at least what that stack reads, so it has no reason to fall back.
 */
import { type DerReader, NotDerError, sameBytes, TAG, wholly } from "./tls_der.ts";

/** What of a certificate is needed to follow a chain. Views of the certificate's bytes. */
export interface CertificateForm {
  /** The issuer's distinguished name. */
  readonly issuer: Uint8Array;
  /** The subject's. */
  readonly subject: Uint8Array;
  /** Whether it may sign others (basicConstraints). */
  readonly isAuthority: boolean;
}

const CONSTRUCTED_0 = 0xa0;
const CONSTRUCTED_1 = 0xa1;
const CONSTRUCTED_3 = 0xa3;
const VERSION_3 = 2;

const IP_ADDRESS_NAME = 0x87;
/** The general names of RFC 5280, each in its one encoding. */
const GENERAL_NAMES: ReadonlySet<number> = new Set([0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, IP_ADDRESS_NAME, 0x88]);

/** Extensions that a verifier looks into, by the last byte of their identifier 2.5.29.x. */
const KEY_USAGE = 15;
const SUBJECT_ALT_NAME = 17;
const BASIC_CONSTRAINTS = 19;
const NAME_CONSTRAINTS = 30;
const DISTRIBUTION_POINTS = 31;
const EXTENDED_KEY_USAGE = 37;

/**
 * Reads a certificate.
 *
 * @param der The certificate, as the other side sent it.
 * @returns Null when it is not of version 3, or anything in it is not as strict DER has it.
 */
export function readCertificateForm(der: Uint8Array): CertificateForm | null {
  try {
    return wholly(der, (reader) => reader.inside(TAG.sequence, readSigned));
  } catch {
    return null;
  }
}

function readSigned(signed: DerReader): CertificateForm {
  const body = signed.content(TAG.sequence);
  const algorithm = signed.content(TAG.sequence);
  readBits(signed, { unused: false });
  return wholly(body, (tbs) => readBody(tbs, algorithm));
}

function readBody(tbs: DerReader, algorithm: Uint8Array): CertificateForm {
  const version = tbs.inside(CONSTRUCTED_0, readSmallInteger);
  if (version !== VERSION_3) throw new NotDerError();
  if (tbs.content(TAG.integer).byteLength === 0) throw new NotDerError();
  if (!sameBytes(tbs.content(TAG.sequence), algorithm)) throw new NotDerError();
  const issuer = tbs.content(TAG.sequence);
  tbs.inside(TAG.sequence, (validity) => {
    readTime(validity);
    readTime(validity);
  });
  const subject = tbs.content(TAG.sequence);
  tbs.inside(TAG.sequence, (key) => {
    key.content(TAG.sequence);
    readBits(key, { unused: false });
  });
  const isAuthority = tbs.atEnd ? false : tbs.inside(CONSTRUCTED_3, readExtensions);
  return { issuer, subject, isAuthority };
}

/** Whether basicConstraints says that it may sign others. */
function readExtensions(wrapped: DerReader): boolean {
  const known = new Set<number>();
  let isAuthority = false;
  wrapped.inside(TAG.sequence, (list) => {
    while (!list.atEnd) {
      list.inside(TAG.sequence, (extension) => {
        const id = extension.content(TAG.oid);
        readBoolean(extension);
        const value = extension.content(TAG.octetString);
        if (id.byteLength !== 3 || id[0] !== 0x55 || id[1] !== 0x1d) return;
        const number = id[2] as number;
        if (known.has(number)) throw new NotDerError();
        known.add(number);
        if (number === BASIC_CONSTRAINTS) isAuthority = wholly(value, readBasicConstraints);
        else checkExtension(number, value);
      });
    }
  });
  return isAuthority;
}

/** Nobody looks into extensions that are not here; a verifier refuses those that are critical. */
function checkExtension(number: number, value: Uint8Array): void {
  switch (number) {
    case KEY_USAGE:
      return wholly(value, (reader) => readBits(reader, { unused: true }));
    case SUBJECT_ALT_NAME:
      return wholly(value, (reader) => reader.inside(TAG.sequence, readNames));
    case NAME_CONSTRAINTS:
      return wholly(value, (reader) => reader.inside(TAG.sequence, readNameConstraints));
    case EXTENDED_KEY_USAGE:
      return wholly(value, (reader) => reader.inside(TAG.sequence, readPurposes));
    case DISTRIBUTION_POINTS:
      return wholly(value, (reader) => void reader.content(TAG.sequence));
  }
}

function readNames(names: DerReader): void {
  while (!names.atEnd) readGeneralName(names, [4, 16]);
}

function readPurposes(purposes: DerReader): void {
  while (!purposes.atEnd) purposes.content(TAG.oid);
}

function readNameConstraints(constraints: DerReader): void {
  for (const tag of [CONSTRUCTED_0, CONSTRUCTED_1]) {
    if (constraints.sees(tag)) constraints.inside(tag, readSubtrees);
  }
}

function readSubtrees(subtrees: DerReader): void {
  while (!subtrees.atEnd) subtrees.inside(TAG.sequence, (base) => readGeneralName(base, [8, 32]));
}

function readGeneralName(names: DerReader, addressLengths: readonly number[]): void {
  const { tag, content } = names.any();
  if (!GENERAL_NAMES.has(tag)) throw new NotDerError();
  if (tag === IP_ADDRESS_NAME && !addressLengths.includes(content.byteLength)) throw new NotDerError();
}

function readBasicConstraints(value: DerReader): boolean {
  return value.inside(TAG.sequence, (constraints) => {
    const isAuthority = readBoolean(constraints);
    if (!constraints.atEnd) readSmallInteger(constraints);
    return isAuthority;
  });
}

/** A boolean that is false when it is left out. */
function readBoolean(reader: DerReader): boolean {
  if (!reader.sees(TAG.boolean)) return false;
  const content = reader.content(TAG.boolean);
  if (content.byteLength !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new NotDerError();
  return content[0] === 0xff;
}

function readSmallInteger(reader: DerReader): number {
  const content = reader.content(TAG.integer);
  if (content.byteLength !== 1 || (content[0] as number) > 0x7f) throw new NotDerError();
  return content[0] as number;
}

function readBits(reader: DerReader, { unused }: { readonly unused: boolean }): void {
  const content = reader.content(TAG.bitString);
  const padding = content[0];
  if (padding === undefined || padding > (unused ? 7 : 0)) throw new NotDerError();
  if (padding > 0 && (content.byteLength < 2 || ((content.at(-1) as number) & ((1 << padding) - 1)) !== 0)) {
    throw new NotDerError();
  }
}

const TIME = /^(\d{2,4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** UTCTime or GeneralizedTime, to the second, in UTC. */
function readTime(reader: DerReader): void {
  const short = reader.sees(TAG.utcTime);
  const content = reader.content(short ? TAG.utcTime : TAG.generalizedTime);
  if (content.byteLength !== (short ? 13 : 15)) throw new NotDerError();
  const [, years = "", ...parts] = TIME.exec(String.fromCharCode(...content)) ?? [];
  const [month = 0, day = 0, hour = 99, minute = 99, second = 99] = parts.map(Number);
  const year = short ? Number(years) + (Number(years) >= 50 ? 1900 : 2000) : Number(years);
  // The last day of a month is the one before the first of the next.
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const right = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days && hour <= 23 && minute <= 59 &&
    second <= 59;
  if (!right) throw new NotDerError();
}
