/** Compares operations that stand on an object instead of a class: on `navigator`, on a binding object, in a module. */
import type { IdlInterface } from "./idl_model.ts";
import { functionDifferences, propertyDifferences } from "./property_check.ts";
import { failureDifferences } from "./refusal_check.ts";

/**
 * Compares the operations of an interface with those of an object. They do not need it as `this`.
 *
 * @param idl The interface.
 * @param holder The object.
 * @param options `only` names the operations to compare; all by default.
 */
export async function bindingDifferences(
  idl: IdlInterface,
  holder: object,
  options: { readonly only?: readonly string[] } = {},
): Promise<string[]> {
  const operations = idl.operations.filter(({ name }) => options.only?.includes(name) ?? true);
  const differences = operations.map(async ({ name, type, required }) => {
    const value = (holder as Record<string, unknown>)[name];
    if (typeof value !== "function") return [`${name} is no function`];
    const calls = Array.from({ length: required }, (_, count) =>
      failureDifferences({
        what: `${name} called with ${count} arguments`,
        run: () => Reflect.apply(value, holder, Array.from({ length: count }, () => ({}))),
      }, type));
    return [
      ...propertyDifferences({ holder, key: name, label: idl.name }, { enumerable: true }),
      ...functionDifferences(value, { label: name, name, length: required }),
      ...(await Promise.all(calls)).flat(),
    ];
  });
  return (await Promise.all(differences)).flat();
}
