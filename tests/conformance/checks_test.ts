/** The checks themselves: a class that conforms has no difference, and each thing that can be wrong with one is seen. */
import assert from "node:assert/strict";
import { defineInterface } from "../../core/webidl.ts";
import { test } from "../support/harness.ts";
import { bindingDifferences } from "./binding_check.ts";
import { conversionDifferences } from "./conversion_check.ts";
import { parseIdl } from "./idl_model.ts";
import { interfaceDifferences, type InterfaceSubject } from "./interface_check.ts";
import { dictionaryDifferences } from "./value_check.ts";

const model = parseIdl(`
  interface Lamp {
    constructor(DOMString place, optional LampOptions options = {});
    readonly attribute Promise<undefined> lit;
    readonly attribute unsigned short power;
    attribute boolean dimmed;
    Promise<undefined> turn(DOMString way);
    undefined dim(octet by, optional octet to);
  };
  partial interface Lamp {
    readonly attribute DOMString place;
  };
  dictionary LampOptions {
    [EnforceRange] octet power;
    DOMString name;
    Colour colour;
    sequence<DOMString> names;
    unsigned long age;
  };
  dictionary LampInfo { DOMString name; FrozenArray<(DOMString or LampInfo)> near; octet? power; };
  enum Colour { "red", "blue" };
  interface Row { async iterable<DOMString, boolean>; };
  interface Switch { undefined flip(DOMString way); };
`);
const lamp = model.interfaces.get("Lamp")!;

function promised<T>(get: () => T): Promise<T> {
  try {
    return Promise.resolve(get());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A conforming class, made anew for each test that spoils it. */
function conforming(): { new (place: string): object; readonly prototype: object } {
  class Lamp {
    #dimmed = false;
    readonly #lit = Promise.resolve();
    readonly #place: string;

    constructor(place: string, options: object = {}) {
      if (arguments.length < 1) throw new TypeError("1 argument is needed");
      void options;
      this.#place = place;
    }

    get lit(): Promise<void> {
      return promised(() => this.#lit).then(() => {});
    }

    get power(): number {
      return this.#place.length;
    }

    get dimmed(): boolean {
      return this.#dimmed;
    }

    set dimmed(value: boolean) {
      this.#dimmed = value;
    }

    get place(): string {
      return this.#place;
    }

    turn(way: string): Promise<void> {
      return promised(() => {
        if (arguments.length < 1 || this.#place === way) throw new TypeError("1 argument is needed");
      });
    }

    dim(by: number, _to: number = 0): void {
      if (arguments.length < 1) throw new TypeError("1 argument is needed");
      this.#dimmed = by > 0;
    }
  }
  defineInterface(Lamp, { tag: "Lamp", members: ["lit", "power", "dimmed", "turn", "dim", "place"] });
  return Lamp;
}

function differences(Class: unknown, more: Partial<InterfaceSubject> = {}): Promise<string[]> {
  const instance = typeof Class === "function" ? new (Class as new (place: string) => object)("hall") : {};
  return interfaceDifferences(lamp, { Class, instance, ...more }, model);
}

test("a class that conforms has no difference, also with extensions that are declared", async () => {
  assert.deepEqual(await differences(conforming()), []);
  const Class = conforming();
  Object.assign(Class.prototype, { hum: () => {} });
  assert.deepEqual(await differences(Class, { extensions: new Map([["hum", "for company"]]) }), []);
  assert.deepEqual(await interfaceDifferences(lamp, { Class: undefined }, model), ["Lamp is no function"]);
});

type Prototype = Record<PropertyKey, unknown>;

/** What is done to the prototype, and what has to be said about it. */
const SPOILT: readonly (readonly [title: string, spoil: (prototype: Prototype) => void, said: RegExp])[] = [
  [
    "a member that does not enumerate",
    (on) => redefine(on, "power", { enumerable: false }),
    /power: enumerable is fal/,
  ],
  ["a member that cannot be configured", (on) => redefine(on, "dim", { configurable: false }), /dim: configurable is/],
  ["a method that cannot be replaced", (on) => redefine(on, "dim", { writable: false }), /dim: writable is false/],
  ["a missing attribute", (on) => delete on["place"], /place is no accessor/],
  ["an attribute that is a value", (on) => overwrite(on, "place", { value: "here" }), /place is no accessor/],
  ["a missing operation", (on) => delete on["turn"], /turn is no method/],
  ["a setter too many", (on) => redefine(on, "place", { set: () => {} }), /place can be set/],
  ["a setter too few", (on) => redefine(on, "dimmed", { set: undefined as never }), /dimmed cannot be set/],
  ["a wrong tag", (on) => redefine(on, Symbol.toStringTag, { value: "lamp" }), /toStringTag\]: value is lamp/],
  [
    "a tag that can be written",
    (on) => redefine(on, Symbol.toStringTag, { writable: true }),
    /toStringTag\]: writable/,
  ],
  ["a missing tag", (on) => delete on[Symbol.toStringTag], /toStringTag\] is missing/],
  ["an undeclared member", (on) => on["hum"] = 1, /hum is extra/],
  ["another constructor", (on) => redefine(on, "constructor", { value: Object }), /constructor: value is/],
  [
    "a wrong length",
    (on) => on["dim"] = named("dim", (..._given: unknown[]) => {}),
    /dim: length|dim\.length: value is 0/,
  ],
  ["a wrong name", (on) => on["dim"] = named("dime", (_by: unknown) => {}), /dim\.name: value is dime/],
  ["a method that can be constructed", (on) => on["dim"] = constructible(), /dim can be called with new/],
  [
    "a promise that throws",
    (on) => on["turn"] = named("turn", thrower),
    /turn called on undefined throws TypeError in/,
  ],
  ["an operation that takes any this", (on) => on["dim"] = named("dim", (_by: unknown) => {}), /dim .* does not throw/],
  ["a rejection of another kind", (on) => on["turn"] = named("turn", rejecter), /turn .* rejects with RangeError/],
  ["a value of another type", (on) => redefine(on, "power", { get: () => -1 }), /power is no unsigned short/],
];

function redefine(on: Prototype, key: PropertyKey, traits: PropertyDescriptor): void {
  Object.defineProperty(on, key, traits);
}

function overwrite(on: Prototype, key: PropertyKey, traits: PropertyDescriptor): void {
  Object.defineProperty(on, key, { configurable: true, enumerable: true, ...traits });
}

function named(name: string, made: (...given: never[]) => unknown): unknown {
  return Object.defineProperty(made, "name", { value: name });
}

const constructible = (): unknown =>
  named("dim", function (this: unknown, _by: unknown): void {
    throw new TypeError("never");
  });
const thrower = (_way: unknown): Promise<void> => {
  throw new TypeError("now");
};
const rejecter = (_way: unknown): Promise<void> => Promise.reject(new RangeError("other"));

for (const [title, spoil, said] of SPOILT) {
  test(`${title} is seen`, async () => {
    const Class = conforming();
    const instance = new Class("hall");
    spoil(Class.prototype as Prototype);
    const found = await interfaceDifferences(lamp, { Class, instance }, model);
    assert.match(found.join("\n"), said);
  });
}

test("what is wrong with the class itself is seen", async () => {
  const Good = conforming();
  const Loose = Object.assign(function Lamp(_place: unknown): void {}, { extra: 1 });
  class Lamp extends Good {
    readonly own = 1;
  }
  const loose = (await interfaceDifferences(lamp, { Class: Loose }, model)).join("\n");
  for (
    const said of [/Lamp\(\) without new does not throw/, /new Lamp\(\) with 0 arguments does not/, /Lamp\.extra is/]
  ) {
    assert.match(loose, said);
  }
  const derived = (await differences(Lamp)).join("\n");
  for (const said of [/Lamp\.length: value is 0, not 1/, /inherits from another/, /properties of its own: own/]) {
    assert.match(derived, said);
  }
  const row = { ...lamp, constructorRequired: null };
  assert.match((await interfaceDifferences(row, { Class: Good }, model)).join("\n"), /with 1 arguments does not throw/);
});

test("an asynchronously iterable interface has entries, keys, values, and the iterator is entries", async () => {
  class Row {
    entries(): void {}
    keys(): void {}
    values(): void {}
    [Symbol.asyncIterator](): void {}
  }
  const idl = model.interfaces.get("Row")!;
  const found = await interfaceDifferences(idl, { Class: Row }, model);
  assert.match(found.join("\n"), /\[Symbol.asyncIterator\]: value is/);
  assert.match(found.join("\n"), /Row.prototype.entries: enumerable is false/);
});

test("operations on an object are compared by name, length and errors", async () => {
  const idl = model.interfaces.get("Switch")!;
  const flip = (way: string): void => {
    if (way === undefined) throw new TypeError("1 argument is needed");
  };
  assert.deepEqual(await bindingDifferences(idl, { flip }), []);
  assert.deepEqual(await bindingDifferences(idl, {}), ["flip is no function"]);
  assert.deepEqual(await bindingDifferences(idl, {}, { only: [] }), []);
  assert.deepEqual(await bindingDifferences(idl, { flip: named("flip", (..._way: unknown[]) => {}) }), [
    "flip.length: value is 0, not 1",
    "flip called with 0 arguments does not throw",
  ]);
});

const MEMBERS = ["age", "colour", "name", "names", "power"] as const;

/** Converts as the definition says; the parameter spoils it. */
function convert(given: unknown, spoilt: string = ""): void {
  if (given !== undefined && given !== null && typeof given !== "object") throw new TypeError("No object");
  const order = spoilt === "order" ? [...MEMBERS].reverse() : MEMBERS;
  for (const name of order) {
    const value = read(given as Record<string, unknown>, name, spoilt);
    if (value === undefined || spoilt === name) continue;
    const number = typeof value === "bigint" ? NaN : name === "age" || name === "power" ? +(value as number) : 0;
    const wrong = name === "power"
      ? !(number >= 0 && number < 256)
      : name === "age"
      ? typeof value === "bigint"
      : name === "colour"
      ? value !== "red" && value !== "blue"
      : name === "name"
      ? typeof value === "symbol"
      : !Array.isArray(value) || value.some((item) => typeof item === "symbol");
    if (wrong) throw new TypeError(`Wrong ${name}`);
  }
}

function read(given: Record<string, unknown>, name: string, spoilt: string): unknown {
  if (spoilt !== "getter") return given[name];
  try {
    return given[name];
  } catch {
    throw new TypeError("Hidden");
  }
}

test("a conversion is compared by the order of its reads, by what it refuses, and by what it lets through", async () => {
  const of = (spoilt: string): Promise<string[]> =>
    conversionDifferences({
      name: "LampOptions",
      model,
      valid: { colour: "red" },
      convert: (given) => convert(given, spoilt),
    });
  assert.deepEqual(await of(""), []);
  assert.deepEqual(await of("order"), [
    "LampOptions is read as power names name colour age, not age colour name names power",
  ]);
  assert.match((await of("getter")).join("\n"), /LampOptions.age hides what its getter throws/);
  for (const name of MEMBERS) assert.match((await of(name)).join("\n"), new RegExp(`^LampOptions.${name} may be `));
  const refusing = { name: "LampOptions", model, valid: { power: 300 }, convert };
  assert.match((await conversionDifferences(refusing)).join("\n"), /LampOptions is refused as it should be/);
  const widened = new Map([["name", "any"]]);
  const wide = { name: "LampOptions", model, valid: {}, widened, convert: (given: unknown) => convert(given, "name") };
  assert.deepEqual(await conversionDifferences(wide), []);
});

test("a dictionary that is given is an ordinary object with its members in the order of their names", () => {
  const name = "LampInfo";
  const near = Object.freeze(["hall", { name: "stair" }]);
  assert.deepEqual(dictionaryDifferences({ name: "a", near, power: null }, { name, model, absent: [] }), []);
  assert.deepEqual(dictionaryDifferences({ name: "a" }, { name, model }), []);
  assert.deepEqual(dictionaryDifferences({ near, name: "a" }, { name, model, absent: ["power"] }), [
    "LampInfo has near name, not name near",
  ]);
  assert.match(dictionaryDifferences(Object.create(null), { name, model }).join(), /no ordinary object/);
  assert.match(dictionaryDifferences({ name: "a", near: [], power: 256 }, { name, model }).join(), /near is no Frozen/);
  assert.match(dictionaryDifferences({ power: 256 }, { name, model }).join(), /power is no octet/);
  assert.match(dictionaryDifferences(Object.freeze({ name: "a" }), { name, model }).join(), /writable is false/);
  assert.match(dictionaryDifferences({ name: "a", more: 1 }, { name, model }).join(), /has name more, not name/);
});
