/**
 * Multicast DNS messages, as far as looking up the addresses of a host goes: https://www.rfc-editor.org/rfc/rfc6762
 *
 *     header: id{2} flags{2} questions{2} answers{2} authorities{2} additionals{2}
 *     question: name type{2} class{2}       record: name type{2} class{2} ttl{4} length{2} data{length}
 *     name: (length{1} label{length})* 0, or ends with a pointer to an earlier place: 11 + 14 bits
 *
 * Whoever is on the network sends what is read here: it never throws, and its work is bounded by the bytes.
 */
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";

/** The types of records that hold addresses. */
export const ADDRESS_TYPES: Readonly<Record<4 | 6, number>> = Object.freeze({ __proto__: null as never, 4: 1, 6: 28 });

/** A question for a host's addresses of one family. */
export interface AddressQuestion {
  /** Which of our questions it is: 16 bits, repeated by the answer. */
  readonly id: number;
  /** The host's name on the wire. */
  readonly name: Uint8Array;
  /** Which family. */
  readonly family: 4 | 6;
}

const HEADER_BYTES = 12;
const MAX_LABEL = 63;
const MAX_NAME = 255;
/** More records than this are not looked at: a host has a handful of addresses. */
const MAX_RECORDS = 256;
/** Pointers that are followed in one name: there is no use for more than one a label. */
const MAX_POINTERS = 16;
const CLASS_IN = 1;
/** The top bit of the class: "flush the cache". */
const CLASS_MASK = 0x7fff;
/** Response, operation 0 and result 0; whatever the other bits are. */
const FLAGS_MASK = 0xf80f;
const RESPONSE = 0x8000;

/**
 * The wire form of a name.
 *
 * @param name Labels with dots between.
 * @returns Null when it has an empty label, one of more than 63 bytes, or more than 255 bytes altogether.
 */
export function wireName(name: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const label of name.split(".")) {
    const text = new TextEncoder().encode(label);
    if (text.byteLength === 0 || text.byteLength > MAX_LABEL) return null;
    bytes.push(text.byteLength, ...text);
  }
  bytes.push(0);
  return bytes.length <= MAX_NAME ? Uint8Array.from(bytes) : null;
}

/** The message that asks a question, to be sent from a port other than 5353: the answer comes back there. */
export function encodeQuestion({ id, name, family }: AddressQuestion): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + name.byteLength + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(4, 1);
  bytes.set(name, HEADER_BYTES);
  view.setUint16(bytes.byteLength - 4, ADDRESS_TYPES[family]);
  view.setUint16(bytes.byteLength - 2, CLASS_IN);
  return bytes;
}

/**
 * The addresses that a message gives in answer to one of our questions.
 *
 * @param bytes The message, from anybody.
 * @param questions Our questions, all for one name.
 * @returns The addresses of the name and of a family that was asked for, without zone; empty for any other message.
 */
export function readAnswers(bytes: Uint8Array, questions: readonly AddressQuestion[]): readonly IpAddress[] {
  if (bytes.byteLength < HEADER_BYTES) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [asked] = questions.filter(({ id }) => id === view.getUint16(0));
  if (asked === undefined || (view.getUint16(2) & FLAGS_MASK) !== RESPONSE) return [];
  let at = HEADER_BYTES;
  for (let left = view.getUint16(4); left > 0; left--) {
    at = nameEnd(bytes, at) + 4;
    if (!(at <= bytes.byteLength)) return [];
  }
  const found: IpAddress[] = [];
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  for (let left = Math.min(records, MAX_RECORDS); left > 0; left--) {
    const record = readRecord(view, bytes, at);
    if (record === null) return [];
    const { type, family, end, data } = record;
    const wanted = questions.some((one) => one.family === family) && ADDRESS_TYPES[family] === type;
    if (wanted && isNamed(bytes, at, asked.name)) {
      const address = addressOf(data);
      if (address !== null) found.push(address);
    }
    at = end;
  }
  return found;
}

interface MessageRecord {
  readonly type: number;
  readonly family: 4 | 6;
  readonly data: Uint8Array;
  readonly end: number;
}

/** Null where the bytes end before the record does. What holds no address has a type that is none of ours. */
function readRecord(view: DataView, bytes: Uint8Array, start: number): MessageRecord | null {
  const at = nameEnd(bytes, start);
  if (!(at + 10 <= bytes.byteLength)) return null;
  const length = view.getUint16(at + 8);
  const end = at + 10 + length;
  if (end > bytes.byteLength) return null;
  const internet = (view.getUint16(at + 2) & CLASS_MASK) === CLASS_IN && (length === 4 || length === 16);
  const type = internet ? view.getUint16(at) : 0;
  return { type, family: length === 4 ? 4 : 6, data: bytes.subarray(at + 10, end), end };
}

/** Where a name ends, pointers not followed; NaN where the bytes do before. */
function nameEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.byteLength;) {
    const length = bytes[at] as number;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > MAX_LABEL) return NaN;
    at += 1 + length;
  }
  return NaN;
}

/** Whether the name at a place is the one that was asked for, letters of ASCII alike in both cases. */
function isNamed(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  let [at, matched, before, pointers] = [start, 0, start, 0];
  while (matched < name.byteLength && at < bytes.byteLength) {
    const length = bytes[at] as number;
    if (length >= 0xc0) {
      const target = (length & 0x3f) << 8 | (bytes[at + 1] ?? 0);
      // Only ever further to the front: there is no way round in a circle.
      if (target >= before || ++pointers > MAX_POINTERS) return false;
      at = before = target;
      continue;
    }
    // A label of more than 63 bytes would be a pointer of a kind that never came to be.
    if (length > MAX_LABEL || length !== name[matched]) return false;
    for (let index = 1; index <= length; index++) {
      if (lower(bytes[at + index]) !== lower(name[matched + index])) return false;
    }
    at += 1 + length;
    matched += 1 + length;
  }
  return matched === name.byteLength;
}

function lower(byte: number | undefined): number {
  if (byte === undefined) return -1;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function addressOf(data: Uint8Array): IpAddress | null {
  if (data.byteLength === 4) return parseIpAddress(data.join("."));
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((data[at] ?? 0) << 8 | (data[at + 1] ?? 0)).toString(16));
  return parseIpAddress(groups.join(":"));
}
