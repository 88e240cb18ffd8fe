/**
 * Objects with internal slots, as a browser's platform objects have them: recognised whatever their prototype says, and
 * refused by structured clone. A class with `#fields` alone would be cloned into an empty object without a word (DS-42).
 */

// Taken at load: code that runs later cannot change what kind of object this is (CORE-01).
const { apply } = Reflect;
const { setPrototypeOf, getPrototypeOf } = Object;
const arrayIterator = Array.prototype[Symbol.iterator];

/** A base class that adds the fields of its subclass to an object that is there already. */
const ReturnGiven = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/** Makes and reads the platform objects of one interface. */
export interface PlatformObjects<T> {
  /**
   * Makes an object.
   *
   * @param like Gives the prototype: `this` of a constructor.
   * @param content What its slots hold.
   */
  create(like: object, content: T): object;
  /**
   * What an object's slots hold.
   *
   * @throws {TypeError} for anything that `create` did not make.
   */
  content(value: unknown): T;
}

/**
 * Platform objects of an interface.
 *
 * Structured clone refuses what has internal slots that it does not know. An array iterator has such slots on every
 * runtime, and neither keys nor anything that a console would show.
 *
 * @param name The interface's name, for messages.
 */
export function platformObjects<T>(name: string): PlatformObjects<T> {
  class Slots extends ReturnGiven {
    readonly #content: T;

    constructor(object: object, content: T) {
      super(object);
      this.#content = content;
    }

    static content(value: unknown): T {
      if (typeof value === "object" && value !== null && #content in value) return value.#content;
      throw new TypeError(`Illegal invocation: this is not a ${name}`);
    }
  }
  return Object.freeze({
    create: (like: object, content: T): object =>
      new Slots(setPrototypeOf(apply(arrayIterator, [], []), getPrototypeOf(like)), content),
    content: (value: unknown): T => Slots.content(value),
  });
}
