/** Compares properties and functions with what Web IDL says of them. Differences are sentences. */

/** A property and how to name it. */
export interface PropertyPlace {
  /** Whose own property it is. */
  readonly holder: object;
  /** Its key. */
  readonly key: string | symbol;
  /** The holder's name: `TCPSocket.prototype`. */
  readonly label: string;
}

/** What a property has to be. Only what is given is compared. */
export type ExpectedProperty = Pick<PropertyDescriptor, "value" | "writable" | "enumerable" | "configurable">;

const TRAITS = ["value", "writable", "enumerable", "configurable"] as const;

/** A property's name, for sentences: `Socket.prototype.close`, `Socket.prototype[Symbol.toStringTag]`. */
export function placeName({ label, key }: Omit<PropertyPlace, "holder">): string {
  return typeof key === "symbol" ? `${label}[${key.description}]` : `${label}.${key}`;
}

/** Compares one own property. */
export function propertyDifferences(place: PropertyPlace, expected: ExpectedProperty): string[] {
  const descriptor = Reflect.getOwnPropertyDescriptor(place.holder, place.key);
  if (descriptor === undefined) return [`${placeName(place)} is missing`];
  return TRAITS.filter((trait) => Object.hasOwn(expected, trait) && descriptor[trait] !== expected[trait])
    .map((trait) => `${placeName(place)}: ${trait} is ${String(descriptor[trait])}, not ${String(expected[trait])}`);
}

/** Compares a built-in function's name and length; none of them is a constructor. */
export function functionDifferences(
  value: unknown,
  expected: { readonly label: string; readonly name: string; readonly length: number },
): string[] {
  const { label, name, length } = expected;
  if (typeof value !== "function") return [`${label} is no function`];
  const hidden = { writable: false, enumerable: false, configurable: true };
  return [
    ...propertyDifferences({ holder: value, key: "name", label }, { ...hidden, value: name }),
    ...propertyDifferences({ holder: value, key: "length", label }, { ...hidden, value: length }),
    ...(isConstructor(value) ? [`${label} can be called with new`] : []),
  ];
}

/** Whether something can be called with `new`, found out without calling it. */
function isConstructor(value: unknown): boolean {
  try {
    Reflect.construct(Object, [], value as new () => unknown);
    return true;
  } catch {
    return false;
  }
}
