/**
 * Compares a class with its interface definition, as Web IDL says that the two correspond. Every difference is a
 * sentence, so that a test can list the ones that are known.
 *
 * https://webidl.spec.whatwg.org/#js-interfaces
 */
import type { IdlAttribute, IdlInterface, IdlModel, IdlOperation } from "./idl_model.ts";
import { functionDifferences, placeName, propertyDifferences } from "./property_check.ts";
import { failureDifferences, throwDifferences } from "./refusal_check.ts";
import { isOfType } from "./value_check.ts";

/** Members that a definition does not have, each with the reason why they are there all the same. */
export type Extensions = ReadonlyMap<string | symbol, string>;

/** A class to compare. */
export interface InterfaceSubject {
  /** The class. */
  readonly Class: unknown;
  /** One of its objects, if one is at hand. */
  readonly instance?: object;
  /** What it has besides. Each of them has to be there. */
  readonly extensions?: Extensions;
  /** The class of the runtime that it inherits from, for one that does. */
  readonly parent?: { new (): object; readonly prototype: object };
}

interface Scene {
  readonly parent: { readonly Class: object; readonly prototype: object; readonly own: readonly string[] };
  readonly idl: IdlInterface;
  readonly model: IdlModel;
  readonly Class: { (): unknown; new (...given: unknown[]): unknown; readonly prototype: object };
  readonly instance: object | null;
  readonly extensions: Extensions;
  /** Name of the prototype object, for sentences. */
  readonly label: string;
}

/**
 * Compares a class with its definition.
 *
 * @param idl The definition.
 * @param subject The class.
 * @param model Where the definition's types are defined.
 * @returns The differences; none for a class that conforms.
 */
export async function interfaceDifferences(
  idl: IdlInterface,
  subject: InterfaceSubject,
  model: IdlModel,
): Promise<string[]> {
  const { Class, instance = null, extensions = new Map() } = subject;
  const parent = subject.parent === undefined
    ? { Class: Function.prototype, prototype: Object.prototype, own: [] }
    : { Class: subject.parent, prototype: subject.parent.prototype, own: ownKeys(new subject.parent()) };
  if (typeof Class !== "function") return [`${idl.name} is no function`];
  const label = `${idl.name}.prototype`;
  const scene = { idl, model, parent, Class: Class as Scene["Class"], instance, extensions, label };
  const members = [
    ...idl.attributes.map((attribute) => attributeDifferences(scene, attribute)),
    ...idl.operations.map((operation) => operationDifferences(scene, operation)),
  ];
  return [
    ...interfaceObjectDifferences(scene),
    ...constructorDifferences(scene),
    ...prototypeDifferences(scene),
    ...(await Promise.all(members)).flat(),
    ...iterationDifferences(scene),
    ...surplusDifferences(scene),
    ...(instance === null ? [] : instanceDifferences(scene, instance)),
  ];
}

function interfaceObjectDifferences({ idl, Class, parent }: Scene): string[] {
  const { name: label, constructorRequired } = idl;
  const hidden = { writable: false, enumerable: false, configurable: true };
  return [
    ...propertyDifferences({ holder: Class, key: "name", label }, { ...hidden, value: label }),
    ...propertyDifferences({ holder: Class, key: "length", label }, { ...hidden, value: constructorRequired ?? 0 }),
    ...propertyDifferences({ holder: Class, key: "prototype", label }, { ...hidden, configurable: false }),
    ...(Object.getPrototypeOf(Class) === parent.Class ? [] : [`${label} inherits from another function`]),
  ];
}

function constructorDifferences({ idl, Class }: Scene): string[] {
  const { name, constructorRequired } = idl;
  const without = throwDifferences({
    what: `${name}() without new`,
    run: () => Reflect.apply(Class, undefined, [{}, {}]),
  });
  const counts = constructorRequired === null ? [0, 1, 2] : Array.from({ length: constructorRequired }, (_, at) => at);
  const given = [Symbol("any"), {}];
  return [
    ...without,
    ...counts.flatMap((count) =>
      throwDifferences({
        what: `new ${name}() with ${count} arguments`,
        run: () => new Class(...given.slice(0, count)),
      })
    ),
  ];
}

function prototypeDifferences({ idl, Class, parent, label }: Scene): string[] {
  const { prototype } = Class;
  const [writable, enumerable, configurable] = [true, false, true];
  const tag = { value: idl.name, writable: false, enumerable, configurable };
  return [
    ...(Object.getPrototypeOf(prototype) === parent.prototype ? [] : [`${label} inherits from another object`]),
    ...propertyDifferences({ holder: prototype, key: "constructor", label }, {
      value: Class,
      writable,
      enumerable,
      configurable,
    }),
    ...propertyDifferences({ holder: prototype, key: Symbol.toStringTag, label }, tag),
  ];
}

/** What members are called on that is no object of the interface. */
function strangers({ Class }: Scene): readonly (readonly [name: string, value: unknown])[] {
  return [
    ["undefined", undefined],
    ["null", null],
    ["an object", {}],
    ["the prototype", Class.prototype],
    ["an impostor", Object.create(Class.prototype)],
  ];
}

async function attributeDifferences(scene: Scene, { name, type, readonly }: IdlAttribute): Promise<string[]> {
  const place = { holder: scene.Class.prototype, key: name, label: scene.label };
  const label = placeName(place);
  const descriptor = Reflect.getOwnPropertyDescriptor(place.holder, name);
  if (descriptor?.get === undefined) return [`${label} is no accessor`];
  const { get, set } = descriptor;
  const calls = strangers(scene).map(([who, value]) =>
    failureDifferences({ what: `${label} read on ${who}`, run: () => Reflect.apply(get, value, []) }, type)
  );
  return [
    ...propertyDifferences(place, { enumerable: true, configurable: true }),
    ...functionDifferences(get, { label, name: `get ${name}`, length: 0 }),
    ...(readonly === (set === undefined) ? [] : [`${label} ${readonly ? "can" : "cannot"} be set`]),
    ...(await Promise.all(calls)).flat(),
  ];
}

async function operationDifferences(scene: Scene, { name, type, required }: IdlOperation): Promise<string[]> {
  const place = { holder: scene.Class.prototype, key: name, label: scene.label };
  const label = placeName(place);
  const value = Reflect.getOwnPropertyDescriptor(place.holder, name)?.value as unknown;
  if (typeof value !== "function") return [`${label} is no method`];
  const enough = Array.from({ length: required }, () => ({}));
  const calls = strangers(scene).map(([who, other]) =>
    failureDifferences({ what: `${label} called on ${who}`, run: () => Reflect.apply(value, other, enough) }, type)
  );
  const short = scene.instance === null ? [] : enough.map((_, count) =>
    failureDifferences({
      what: `${label} called with ${count} arguments`,
      run: () => Reflect.apply(value, scene.instance, enough.slice(0, count)),
    }, type)
  );
  return [
    ...propertyDifferences(place, { writable: true, enumerable: true, configurable: true }),
    ...functionDifferences(value, { label, name, length: required }),
    ...(await Promise.all([...calls, ...short])).flat(),
  ];
}

const PAIR_METHODS: readonly string[] = ["entries", "keys", "values"];

/** https://webidl.spec.whatwg.org/#js-asynchronous-iterable */
function iterationDifferences({ idl, Class, label }: Scene): string[] {
  if (!idl.asyncPairs) return [];
  const prototype = Class.prototype as Record<PropertyKey, unknown>;
  const [writable, configurable] = [true, true];
  return [
    ...PAIR_METHODS.flatMap((key) =>
      propertyDifferences({ holder: prototype, key, label }, { writable, enumerable: true, configurable })
    ),
    ...propertyDifferences({ holder: prototype, key: Symbol.asyncIterator, label }, {
      value: prototype["entries"],
      writable,
      enumerable: false,
      configurable,
    }),
  ];
}

function ownKeys(object: object): string[] {
  return Reflect.ownKeys(object).map(String);
}

function surplusDifferences({ idl, Class, extensions, label }: Scene): string[] {
  const members = new Set<string | symbol>([
    "constructor",
    Symbol.toStringTag,
    ...idl.attributes.map(({ name }) => name),
    ...idl.operations.map(({ name }) => name),
    ...(idl.asyncPairs ? [...PAIR_METHODS, Symbol.asyncIterator] : []),
  ]);
  const extra = (holder: object, known: (key: string | symbol) => boolean, of: string): string[] =>
    Reflect.ownKeys(holder).filter((key) => !known(key)).map((key) => `${placeName({ label: of, key })} is extra`);
  const lost = [...extensions.keys()].filter((key) => !Object.hasOwn(Class.prototype, key));
  return [
    ...extra(Class, (key) => ["length", "name", "prototype"].includes(String(key)), idl.name),
    ...extra(Class.prototype, (key) => members.has(key) || extensions.has(key), label),
    ...lost.map((key) => `${placeName({ label, key })} is declared and not there`),
  ];
}

function instanceDifferences({ idl, model, Class, parent, label }: Scene, instance: object): string[] {
  const own = ownKeys(instance).filter((key) => !parent.own.includes(key));
  const values = idl.attributes.filter(({ name }) => name in instance);
  return [
    ...(Object.getPrototypeOf(instance) === Class.prototype ? [] : [`An object does not inherit from ${label}`]),
    ...(Object.prototype.toString.call(instance) === `[object ${idl.name}]` ? [] : ["An object has another tag"]),
    ...(own.length === 0 ? [] : [`An object has properties of its own: ${own.join(", ")}`]),
    ...values.filter(({ name, type }) => !isOfType((instance as Record<string, unknown>)[name], type, model))
      .map(({ name, type }) => `${label}.${name} is no ${type.name}`),
  ];
}
