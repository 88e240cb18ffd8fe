/**
 * Whether a dictionary that a script gives is converted as its definition says: members read once each in the order of their
 * names, values of a wrong type refused, and what a member's getter throws passed on.
 *
 * https://webidl.spec.whatwg.org/#js-to-dictionary
 */
import { type IdlField, type IdlModel, type IdlType, INTEGER_LIMITS } from "./idl_model.ts";

/** A dictionary that an interface takes. */
export interface TakenDictionary {
  /** Its name. */
  readonly name: string;
  /** Where it is defined. */
  readonly model: IdlModel;
  /** Members that are accepted as they stand. */
  readonly valid: Readonly<Record<string, unknown>>;
  /** Members that take more than their type says, each with the reason. */
  readonly widened?: ReadonlyMap<string, string>;
  /** Gives it to the interface. What it throws or rejects with is what the conversion came to. */
  convert(dictionary: unknown): unknown;
}

/** Compares a conversion with the dictionary's definition. */
export async function conversionDifferences(dictionary: TakenDictionary): Promise<string[]> {
  const { name, model, valid } = dictionary;
  const fields = model.dictionaries.get(name) ?? [];
  const untouched = await failureOf(dictionary, { ...valid });
  return [
    ...(untouched === null ? [] : [`${name} is refused as it should be: ${untouched}`]),
    ...(await orderDifferences(dictionary, fields)),
    ...(await kindDifferences(dictionary)),
    ...(await Promise.all(fields.map((field) => fieldDifferences(dictionary, field)))).flat(),
  ];
}

/** What a conversion fails with, or null. */
async function failureOf({ convert }: TakenDictionary, given: unknown): Promise<unknown> {
  try {
    await convert(given);
    return null;
  } catch (error) {
    return error ?? new TypeError(`It fails with ${String(error)}`);
  }
}

async function orderDifferences(dictionary: TakenDictionary, fields: readonly IdlField[]): Promise<string[]> {
  const read: string[] = [];
  const given = {};
  for (const { name } of fields) {
    Object.defineProperty(given, name, {
      enumerable: true,
      get: () => {
        read.push(name);
        return dictionary.valid[name];
      },
    });
  }
  await failureOf(dictionary, given);
  const expected = fields.map(({ name }) => name).join(" ");
  return read.join(" ") === expected ? [] : [`${dictionary.name} is read as ${read.join(" ")}, not ${expected}`];
}

async function kindDifferences(dictionary: TakenDictionary): Promise<string[]> {
  const differences: string[] = [];
  for (const value of ["text", 1, true, 1n, Symbol("any")]) {
    if (!(await failureOf(dictionary, value) instanceof TypeError)) {
      differences.push(`${dictionary.name} may be a ${typeof value}`);
    }
  }
  return differences;
}

async function fieldDifferences(dictionary: TakenDictionary, field: IdlField): Promise<string[]> {
  const { name, valid, model, widened } = dictionary;
  const differences: string[] = [];
  for (const value of widened?.has(field.name) ? [] : wrongValues(field, model)) {
    const failure = await failureOf(dictionary, { ...valid, [field.name]: value });
    if (!(failure instanceof TypeError)) differences.push(`${name}.${field.name} may be ${show(value)}`);
  }
  const thrown = new RangeError("From the getter");
  const throwing = Object.defineProperty({ ...valid }, field.name, {
    get: () => {
      throw thrown;
    },
  });
  if (await failureOf(dictionary, throwing) !== thrown) {
    differences.push(`${name}.${field.name} hides what its getter throws`);
  }
  return differences;
}

/** Values that a conversion to a type refuses. */
function wrongValues({ type, enforceRange }: IdlField, model: IdlModel): readonly unknown[] {
  const limit = INTEGER_LIMITS.get(type.name);
  if (limit !== undefined) {
    const always = [1n, Symbol("any"), { valueOf: () => 1n }];
    return enforceRange ? [...always, -1, limit, NaN, Infinity, -Infinity, "text", {}] : always;
  }
  if (model.enums.has(type.name)) return ["", "other", null, 1, Symbol("any")];
  return wrongObjects(type);
}

function wrongObjects({ name }: IdlType): readonly unknown[] {
  switch (name) {
    case "DOMString":
      return [Symbol("any")];
    case "sequence":
      return ["text", 1, {}, [Symbol("any")]];
    case "BufferSource":
      return ["text", 1, null, {}, [1], new SharedArrayBuffer(1), new Uint8Array(new SharedArrayBuffer(1))];
    default:
      return [];
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
}
