/**
 * JSON with comments and trailing commas, read strictly: every value with its place in the text, equal keys and deep nesting
 * refused. Objects inherit from nothing, so a key named `__proto__` is a key like any other.
 */
import { createScanner, type Node, type ParseError, parseTree } from "jsonc-parser";

/** Something that is wrong with a text, and where: a count of UTF-16 units from its beginning. */
export interface JsonProblem {
  /** Where. */
  readonly offset: number;
  /** What, in words that follow a colon. */
  readonly reason: string;
}

/** A step down into a document: a key, or an index. */
export type JsonStep = string | number;

/** What was read. */
export interface JsonDocument {
  /** The value; undefined when there are problems. */
  readonly value: unknown;
  /** What is wrong with the text as JSON, in its order. */
  readonly problems: readonly JsonProblem[];
  /** Where a value stands, or its key; of one that is missing, where the nearest around it stands. */
  offsetOf(path: readonly JsonStep[], part: "key" | "value"): number;
}

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const scannerFor = createScanner;
const treeOf = parseTree;
const { create } = Object;

const MAX_DEPTH = 16;

/** Token kinds of the package that open and close, and its last; its names for them do not outlive compilation. */
const OPENING: ReadonlySet<number> = new Set([1, 3]);
const CLOSING: ReadonlySet<number> = new Set([2, 4]);
const END_OF_FILE = 17;

/** By the package's numbers, for the same reason. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [1, "this is no JSON value"],
  [2, "this number is not valid"],
  [3, "a key in double quotes is missing here"],
  [4, "a value is missing here"],
  [5, "a colon is missing here"],
  [6, "a comma is missing here"],
  [7, "a closing brace is missing here"],
  [8, "a closing bracket is missing here"],
  [9, "the document has ended before this"],
  [10, "comments are not allowed here"],
  [11, "this comment has no end"],
  [12, "this text has no closing quote"],
  [13, "this number has no end"],
  [14, "this \\u escape is not valid"],
  [15, "this escape is not valid"],
  [16, "this character has to be written as an escape"],
]);

/**
 * Reads a document.
 *
 * @param text The text, without byte order mark. Its length is for the caller to limit.
 */
export function readJson(text: string): JsonDocument {
  const deep = tooDeep(text);
  if (deep !== null) return failed([{ offset: deep, reason: `this is nested more than ${MAX_DEPTH} deep` }]);
  const errors: ParseError[] = [];
  const root = treeOf(text, errors, { allowTrailingComma: true, disallowComments: false, allowEmptyContent: false });
  if (errors.length > 0 || root === undefined) return failed(syntaxProblems(errors));
  const problems: JsonProblem[] = [];
  const value = valueOf(root, problems);
  const index: PropertyIndex = new Map();
  const offsetOf = (path: readonly JsonStep[], part: "key" | "value"): number =>
    find(index, { root, path, part }).offset;
  return Object.freeze({ value: problems.length === 0 ? value : undefined, problems, offsetOf });
}

function failed(problems: readonly JsonProblem[]): JsonDocument {
  return Object.freeze({ value: undefined, problems, offsetOf: () => 0 });
}

/** Where nesting goes too deep, or null. Looked at first, because the parser calls itself for each level. */
function tooDeep(text: string): number | null {
  const scanner = scannerFor(text, true);
  let depth = 0;
  for (let token: number = scanner.scan(); token !== END_OF_FILE; token = scanner.scan()) {
    if (OPENING.has(token) && ++depth > MAX_DEPTH) return scanner.getTokenOffset();
    if (CLOSING.has(token)) depth--;
  }
  return null;
}

/** The first at each place: the parser may say several things about one. */
function syntaxProblems(errors: readonly ParseError[]): JsonProblem[] {
  const byOffset = new Map<number, JsonProblem>();
  for (const { error, offset } of errors) {
    if (!byOffset.has(offset)) byOffset.set(offset, { offset, reason: REASONS.get(error) ?? "this is not valid" });
  }
  if (byOffset.size === 0) byOffset.set(0, { offset: 0, reason: "a value is missing here" });
  return [...byOffset.values()].sort((left, right) => left.offset - right.offset);
}

function valueOf(node: Node, problems: JsonProblem[]): unknown {
  if (node.type === "array") return (node.children ?? []).map((child) => valueOf(child, problems));
  if (node.type !== "object") return node.value;
  const record = create(null) as Record<string, unknown>;
  const seen = new Set<string>();
  for (const { children = [] } of node.children ?? []) {
    const [key, child] = children;
    if (key === undefined || child === undefined) continue;
    const name = String(key.value);
    if (seen.has(name)) problems.push({ offset: key.offset, reason: `the key ${shown(name)} stands here twice` });
    seen.add(name);
    record[name] = valueOf(child, problems);
  }
  return record;
}

/** A key as it is named in a message. */
export function shown(key: string): string {
  return `"${key.length > 40 ? `${key.slice(0, 40)}…` : key}"`;
}

/** The properties of objects that were looked into, each with its key and value: one with many is not gone through for each. */
type PropertyIndex = Map<Node, ReadonlyMap<string, readonly [Node, Node]>>;

function find(
  index: PropertyIndex,
  { root, path, part }: { readonly root: Node; readonly path: readonly JsonStep[]; readonly part: "key" | "value" },
): Node {
  let node = root;
  let key = root;
  for (const step of path) {
    const next = typeof step === "number" ? elementOf(node, step) : propertyOf(index, node, step);
    if (next === null) return node;
    [key, node] = next;
  }
  return part === "key" ? key : node;
}

function elementOf({ type, children = [] }: Node, index: number): readonly [Node, Node] | null {
  const child = type === "array" ? children[index] : undefined;
  return child === undefined ? null : [child, child];
}

function propertyOf(index: PropertyIndex, node: Node, name: string): readonly [Node, Node] | null {
  if (node.type !== "object") return null;
  const known = index.get(node) ?? indexOf(node);
  index.set(node, known);
  return known.get(name) ?? null;
}

function indexOf({ children = [] }: Node): ReadonlyMap<string, readonly [Node, Node]> {
  const properties = new Map<string, readonly [Node, Node]>();
  for (const { children: parts = [] } of children) {
    const [key, child] = parts;
    if (key !== undefined && child !== undefined) properties.set(String(key.value), [key, child]);
  }
  return properties;
}
