/** What a length prefix looks like: the options that encoder and decoder share. */
import { member } from "../../../core/dictionary.ts";
import { readFlag, readMaxBytes } from "./framing_options.ts";

/** How frames with a length before them are read and written. Both sides need the same. */
export interface LengthPrefixOptions {
  /** Bytes of the length itself. Default 4. */
  readonly lengthBytes?: 1 | 2 | 3 | 4;
  /** The length's lowest byte comes first. Default false: network byte order. */
  readonly littleEndian?: boolean;
  /** The length counts its own bytes, too. Default false. */
  readonly includesLength?: boolean;
  /** Longest frame, in bytes without the length. Default 1 MiB. */
  readonly maxBytes?: number;
}

/** The options after conversion. */
export interface LengthPrefix {
  /** Bytes of the length. */
  readonly lengthBytes: number;
  /** Whether its lowest byte comes first. */
  readonly littleEndian: boolean;
  /** What the length counts besides the frame: 0 or its own bytes. */
  readonly extra: number;
  /** Longest frame. */
  readonly maxBytes: number;
}

const DEFAULT_LENGTH_BYTES = 4;
const DEFAULT_MAX_BYTES = 1024 * 1024;

/**
 * Reads the options.
 *
 * @param options What the program passed.
 * @throws {RangeError} When `lengthBytes` or `maxBytes` is out of its range.
 */
export function readLengthPrefix(options: unknown): LengthPrefix {
  const lengthBytes = member(options, "lengthBytes") ?? DEFAULT_LENGTH_BYTES;
  if (lengthBytes !== 1 && lengthBytes !== 2 && lengthBytes !== 3 && lengthBytes !== 4) {
    throw new RangeError("Cannot frame by length: lengthBytes is not 1, 2, 3 or 4");
  }
  return Object.freeze({
    lengthBytes,
    littleEndian: readFlag(options, "littleEndian", false),
    extra: readFlag(options, "includesLength", false) ? lengthBytes : 0,
    maxBytes: readMaxBytes(options, DEFAULT_MAX_BYTES),
  });
}
