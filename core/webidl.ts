/**
 * Web IDL conversions that every face uses, on top of `webidl-conversions`, and the shape of interface objects.
 *
 * Each call passes options that inherit from nothing: a polluted `Object.prototype` must not switch `enforceRange` (CORE-01).
 * https://webidl.spec.whatwg.org/
 */
import conversions from "webidl-conversions";
import { hardened } from "./dictionary.ts";
import { invariant } from "./errors.ts";

/** How an integer is converted. */
export interface IntegerConversion {
  /** Throws for what is out of range (`[EnforceRange]`) instead of taking it modulo. Default false. */
  readonly enforceRange?: boolean;
  /** What is converted, for the message: `remotePort`. */
  readonly what: string;
}

/** How a sequence is converted. */
export interface SequenceConversion {
  /** What is converted, for the message: `alpnProtocols`. */
  readonly what: string;
  /** Most items taken, so that an endless iterator ends. Default 65,536. */
  readonly maxLength?: number;
}

const { hasOwn, defineProperty, getOwnPropertyDescriptor } = Object;
const DEFAULT_MAX_LENGTH = 65_536;

/** Taken at load: what bytes are must not be up to code that runs later, nor to an object's own properties (CORE-01). */
const { apply } = Reflect;
const [tagOf, bufferOf, offsetOf, lengthOf] = [Symbol.toStringTag, "buffer", "byteOffset", "byteLength"].map((name) =>
  getterOf(Object.getPrototypeOf(Uint8Array.prototype), name)
) as [Getter, Getter, Getter, Getter];
const [resizableOf, detachedOf] = ["resizable", "detached"].map((name) => getterOf(ArrayBuffer.prototype, name)) as [
  Getter,
  Getter,
];

type Getter = (this: unknown) => unknown;

/** The package ends its messages with a full stop; ours have none. */
function PlainTypeError(message: string): TypeError {
  return new TypeError(message.replace(/\.$/, ""));
}

/** ToNumber, which refuses an object that stands for a BigInt where `Number` would convert it. */
function toNumber(value: unknown): number {
  return +(value as number);
}

/** Built-ins as they were at load. */
const GLOBALS = hardened({ Number: toNumber, String, TypeError: PlainTypeError });

function settings(what: string, enforceRange: boolean): Record<string, unknown> {
  return hardened({
    context: `Cannot convert ${what}: it`,
    enforceRange,
    clamp: false,
    treatNullAsEmptyString: false,
    allowShared: false,
    allowResizable: false,
    globals: GLOBALS,
  });
}

function integerSettings(how: IntegerConversion): Record<string, unknown> {
  return settings(how.what, hasOwn(how, "enforceRange") && how.enforceRange === true);
}

/**
 * Converts to `unsigned short`: 0 to 65535.
 *
 * @param value Any value.
 * @param how What it is, and whether the range is enforced.
 * @throws {TypeError} When it is out of an enforced range, a BigInt or a symbol; and whatever its `valueOf` throws.
 */
export function toUnsignedShort(value: unknown, how: IntegerConversion): number {
  return conversions["unsigned short"](value, integerSettings(how));
}

/**
 * Converts to `unsigned long`: 0 to 4294967295.
 *
 * @param value Any value.
 * @param how What it is, and whether the range is enforced.
 * @throws {TypeError} When it is out of an enforced range, a BigInt or a symbol; and whatever its `valueOf` throws.
 */
export function toUnsignedLong(value: unknown, how: IntegerConversion): number {
  return conversions["unsigned long"](value, integerSettings(how));
}

/**
 * Converts to `boolean`. Never throws.
 *
 * @param value Any value.
 */
export function toBoolean(value: unknown): boolean {
  return Boolean(value);
}

/**
 * Converts to `DOMString`: any string, lone surrogates included.
 *
 * @param value Any value.
 * @param what What it is, for the message.
 * @throws {TypeError} For a symbol; and whatever its `toString` throws.
 */
export function toDOMString(value: unknown, what: string): string {
  return conversions.DOMString(value, settings(what, false));
}

/**
 * Converts to `USVString`: a string where U+FFFD stands for each lone surrogate.
 *
 * @param value Any value.
 * @param what What it is, for the message.
 * @throws {TypeError} For a symbol; and whatever its `toString` throws.
 */
export function toUSVString(value: unknown, what: string): string {
  return conversions.USVString(value, settings(what, false));
}

/**
 * Converts to an enumeration.
 *
 * @param value Any value.
 * @param allowed The enumeration's values.
 * @param what What it is, for the message.
 * @throws {TypeError} When the value's string is not one of them.
 */
export function toEnum<T extends string>(value: unknown, allowed: readonly T[], what: string): T {
  const text = toDOMString(value, what);
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new TypeError(`Cannot convert ${what}: it is not one of ${allowed.join(", ")}`);
  return found;
}

/**
 * Converts to `BufferSource`.
 *
 * @param value An ArrayBuffer, a typed array or a DataView.
 * @param what What it is, for the message.
 * @returns A view on the same bytes, not a copy.
 * @throws {TypeError} For anything else, and for buffers that are shared, resizable or detached.
 */
export function toBufferSource(value: unknown, what: string): Uint8Array<ArrayBuffer> {
  return plainBytes(value) ?? convertedBytes(value, what);
}

function convertedBytes(value: unknown, what: string): Uint8Array<ArrayBuffer> {
  // The type says ArrayBufferLike; shared buffers were refused just now.
  const source = conversions.BufferSource(value, settings(what, false)) as ArrayBuffer | ArrayBufferView<ArrayBuffer>;
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/**
 * Converts to `sequence<T>`.
 *
 * @param value An iterable object. A string is none.
 * @param convert Converts one item.
 * @param how What it is, and how many items at most.
 * @returns A new array.
 * @throws {TypeError} When the value is not an iterable object, or has too many items; and whatever `convert` throws.
 */
export function toSequence<T>(
  value: unknown,
  convert: (item: unknown, index: number) => T,
  how: SequenceConversion,
): T[] {
  const object = (typeof value === "object" && value !== null) || typeof value === "function";
  const method = object ? (value as Partial<Iterable<unknown>>)[Symbol.iterator] : undefined;
  if (typeof method !== "function") throw new TypeError(`Cannot convert ${how.what}: it is not an iterable object`);
  const maxLength = hasOwn(how, "maxLength") ? how.maxLength ?? DEFAULT_MAX_LENGTH : DEFAULT_MAX_LENGTH;
  const items: T[] = [];
  for (const item of { [Symbol.iterator]: () => method.call(value) }) {
    if (items.length >= maxLength) {
      throw new TypeError(`Cannot convert ${how.what}: it has more than ${maxLength} items`);
    }
    items.push(convert(item, items.length));
  }
  return items;
}

/** What an interface shows of itself. */
export interface InterfaceShape {
  /** The interface's name: `Symbol.toStringTag`. */
  readonly tag: string;
  /** Names of its attributes and operations, each a property of the class's prototype. */
  readonly members: readonly string[];
  /** Names of its static operations. Default none. */
  readonly statics?: readonly string[];
}

/**
 * Gives a class the shape of a Web IDL interface: members that enumerate, and a tag.
 *
 * @param Class The class.
 * @param shape Its tag and members.
 * @throws {ParleyError} `INTERNAL_INVARIANT` when the class lacks one of the members.
 */
export function defineInterface(Class: { readonly prototype: object }, shape: InterfaceShape): void {
  makeEnumerable(Class.prototype, { tag: shape.tag, names: shape.members });
  makeEnumerable(Class, { tag: shape.tag, names: hasOwn(shape, "statics") ? shape.statics ?? [] : [] });
  defineProperty(
    Class.prototype,
    Symbol.toStringTag,
    hardened({ value: shape.tag, writable: false, enumerable: false, configurable: true }),
  );
}

function makeEnumerable(holder: object, of: { readonly tag: string; readonly names: readonly string[] }): void {
  for (const name of of.names) {
    const descriptor = getOwnPropertyDescriptor(holder, name);
    invariant(descriptor !== undefined, `Cannot define ${of.tag}: it has no member ${name}`);
    defineProperty(holder, name, hardened({ ...descriptor, enumerable: true }));
  }
}

function getterOf(prototype: object, name: string | symbol): Getter {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter;
}

/**
 * The commonest source, a Uint8Array over a plain buffer, without the conversion in full, which throws and catches errors
 * inside and costs as much as sending 64 KiB. Null for anything else.
 */
function plainBytes(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (apply(tagOf, value, []) !== "Uint8Array") return null;
  const buffer = apply(bufferOf, value, []);
  if (!(buffer instanceof ArrayBuffer) || apply(resizableOf, buffer, []) || apply(detachedOf, buffer, [])) return null;
  return new Uint8Array(buffer, apply(offsetOf, value, []) as number, apply(lengthOf, value, []) as number);
}
