/** Whether a value that an interface gave is of the type in its definition, and whether a record is the dictionary that it stands for. */
import { type IdlModel, type IdlType, INTEGER_LIMITS } from "./idl_model.ts";
import { propertyDifferences } from "./property_check.ts";

/** Whether a value is of a type. */
export function isOfType(value: unknown, type: IdlType, model: IdlModel): boolean {
  if (type.nullable && value === null) return true;
  const limit = INTEGER_LIMITS.get(type.name);
  if (limit !== undefined) return Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit;
  switch (type.name) {
    case "any":
      return true;
    case "undefined":
      return value === undefined;
    case "boolean":
      return typeof value === "boolean";
    case "DOMString":
      return typeof value === "string";
    case "EventHandler":
      return value === null || typeof value === "function";
    case "BufferSource":
      return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
    case "Promise":
      return value instanceof Promise;
    case "union":
      return type.inner.some((inner) => isOfType(value, inner, model));
    case "FrozenArray":
      return Array.isArray(value) && Object.isFrozen(value) &&
        value.every((item) => type.inner.every((inner) => isOfType(item, inner, model)));
    default:
      return isOfNamedType(value, type.name, model);
  }
}

function isOfNamedType(value: unknown, name: string, model: IdlModel): boolean {
  if (model.dictionaries.has(name)) return dictionaryDifferences(value, { name, model }).length === 0;
  const values = model.enums.get(name);
  if (values !== undefined) return values.some((each) => each === value);
  if (model.interfaces.has(name)) return Object.prototype.toString.call(value) === `[object ${name}]`;
  const Class = (globalThis as unknown as Record<string, unknown>)[name];
  return typeof Class === "function" && value instanceof Class;
}

/** A dictionary that an interface gives. */
export interface GivenDictionary {
  /** Its name. */
  readonly name: string;
  /** Where it is defined. */
  readonly model: IdlModel;
  /** Members that are absent, for a reason that its specification gives. */
  readonly absent?: readonly string[];
}

/**
 * Compares a record that an interface gave with its dictionary: an ordinary object with data properties in the order of
 * their names. https://webidl.spec.whatwg.org/#js-to-dictionary
 */
export function dictionaryDifferences(value: unknown, { name, model, absent }: GivenDictionary): string[] {
  if (typeof value !== "object" || value === null) return [`${name} is no object`];
  const fields = model.dictionaries.get(name) ?? [];
  // Without a list, whatever is there counts.
  const expected = fields.filter((field) => absent === undefined ? field.name in value : !absent.includes(field.name));
  const keys = Reflect.ownKeys(value).map(String).join(" ");
  const wanted = expected.map((field) => field.name).join(" ");
  const ordinary = { writable: true, enumerable: true, configurable: true };
  return [
    ...(Object.getPrototypeOf(value) === Object.prototype ? [] : [`${name} is no ordinary object`]),
    ...(keys === wanted ? [] : [`${name} has ${keys}, not ${wanted}`]),
    ...expected.filter((field) => Object.hasOwn(value, field.name)).flatMap((field) => [
      ...propertyDifferences({ holder: value, key: field.name, label: name }, ordinary),
      ...(isOfType((value as Record<string, unknown>)[field.name], field.type, model)
        ? []
        : [`${name}.${field.name} is no ${field.type.name}`]),
    ]),
  ];
}
