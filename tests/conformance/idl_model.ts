/**
 * The definitions in `idl/`, as the checks want them: `webidl2` parses, this keeps what an implementation can be held
 * against. Operation names are not overloaded in any of them.
 */
import { readFile } from "node:fs/promises";
import { parse } from "webidl2";

/** A type. */
export interface IdlType {
  /** Such as `unsigned short` or `TCPSocketOptions`; `Promise`, `sequence` or `FrozenArray`; `union`. */
  readonly name: string;
  /** What a generic type or a union is made of. */
  readonly inner: readonly IdlType[];
  /** Whether null is a value of it. */
  readonly nullable: boolean;
}

/** An attribute. */
export interface IdlAttribute {
  readonly name: string;
  readonly type: IdlType;
  readonly readonly: boolean;
}

/** An operation. */
export interface IdlOperation {
  readonly name: string;
  readonly type: IdlType;
  /** Number of arguments that have to be there. */
  readonly required: number;
}

/** An interface, its partial definitions included. */
export interface IdlInterface {
  readonly name: string;
  /** Number of arguments that the constructor needs; null where there is no constructor. */
  readonly constructorRequired: number | null;
  readonly attributes: readonly IdlAttribute[];
  readonly operations: readonly IdlOperation[];
  /** Whether it is asynchronously iterable over pairs. */
  readonly asyncPairs: boolean;
}

/** A member of a dictionary. */
export interface IdlField {
  readonly name: string;
  readonly type: IdlType;
  /** `[EnforceRange]`. */
  readonly enforceRange: boolean;
}

/** One file of definitions. */
export interface IdlModel {
  readonly interfaces: ReadonlyMap<string, IdlInterface>;
  /** Members in the order in which Web IDL reads and defines them: by name. */
  readonly dictionaries: ReadonlyMap<string, readonly IdlField[]>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
}

/** The integer types, each with the first number beyond it. */
export const INTEGER_LIMITS: ReadonlyMap<string, number> = new Map([
  ["octet", 2 ** 8],
  ["unsigned short", 2 ** 16],
  ["unsigned long", 2 ** 32],
]);

/** What is used of the parser's nodes. */
interface Node {
  readonly type: string;
  readonly name: string;
  readonly members: readonly Node[];
  readonly arguments: readonly { readonly optional: boolean; readonly variadic: boolean }[];
  readonly values: readonly { readonly value: string }[];
  readonly idlType: TypeNode;
  readonly extAttrs: readonly { readonly name: string }[];
  readonly readonly: boolean;
  readonly async: boolean;
}

interface TypeNode {
  readonly generic: string;
  readonly union: boolean;
  readonly nullable: boolean;
  readonly idlType: string | readonly TypeNode[];
}

/**
 * Reads a file of definitions.
 *
 * @param name Its name in `idl/`, without the ending.
 */
export async function readIdl(name: string): Promise<IdlModel> {
  return parseIdl(await readFile(new URL(`./idl/${name}.webidl`, import.meta.url), "utf8"));
}

/**
 * Parses definitions.
 *
 * @param text Web IDL.
 */
export function parseIdl(text: string): IdlModel {
  const nodes = parse(text) as unknown as readonly Node[];
  const ofType = (type: string): readonly Node[] => nodes.filter((node) => node.type === type);
  const interfaces = new Map<string, Node[]>();
  for (const node of ofType("interface")) interfaces.set(node.name, [...(interfaces.get(node.name) ?? []), node]);
  return {
    interfaces: new Map([...interfaces].map(([name, parts]) => [name, toInterface(name, parts)])),
    dictionaries: new Map(ofType("dictionary").map(({ name, members }) => [name, toFields(members)])),
    enums: new Map(ofType("enum").map(({ name, values }) => [name, values.map(({ value }) => value)])),
  };
}

function toInterface(name: string, parts: readonly Node[]): IdlInterface {
  const members = parts.flatMap((part) => part.members);
  const ofType = (type: string): Node[] => members.filter((member) => member.type === type);
  const constructors = ofType("constructor").map(requiredCount);
  return {
    name,
    constructorRequired: constructors.length === 0 ? null : Math.min(...constructors),
    attributes: ofType("attribute").map((node) => ({
      name: node.name,
      type: toType(node.idlType),
      readonly: node.readonly,
    })),
    operations: ofType("operation").map((node) => ({
      name: node.name,
      type: toType(node.idlType),
      required: requiredCount(node),
    })),
    asyncPairs: ofType("iterable").some((node) => node.async),
  };
}

function requiredCount(node: Node): number {
  return node.arguments.filter(({ optional, variadic }) => !optional && !variadic).length;
}

function toFields(members: readonly Node[]): IdlField[] {
  return members
    .map(({ name, idlType, extAttrs }) => ({
      name,
      type: toType(idlType),
      enforceRange: extAttrs.some((attribute) => attribute.name === "EnforceRange"),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toType({ generic, union, nullable, idlType }: TypeNode): IdlType {
  const inner = typeof idlType === "string" ? [] : idlType.map(toType);
  return { name: union ? "union" : generic !== "" ? generic : String(idlType), inner, nullable };
}
