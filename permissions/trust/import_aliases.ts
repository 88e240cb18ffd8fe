/** Names that a project gives to modules: the import map of a deno.json, and `imports` of a package.json. */
import { parse } from "jsonc-parser";
import type { CodeReader } from "./program_port.ts";
import { nearestFiles } from "./project_files.ts";

/** One name, and where it leads. */
export interface ImportAlias {
  /** The specifier, up to the part that may be any text. */
  readonly before: string;
  /** What follows that part; null where the name stands for itself only. */
  readonly after: string | null;
  /** A URL, or a specifier such as `npm:name`; for a name with such a part with a `*` in its place. */
  readonly target: string;
}

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_ALIASES = 5_000;
/** Conditions of one name in a package.json stand in each other. */
const MAX_DEPTH = 8;
const DENO_NAMES: readonly string[] = ["deno.json", "deno.jsonc"];

/**
 * Reads the names that hold for a module, from the nearest configuration files. What cannot be read gives none.
 *
 * @param module URL of the module.
 * @param reader Reads files.
 */
export function readImportAliases(module: string, reader: CodeReader): readonly ImportAlias[] {
  const limits = { maxBytes: MAX_CONFIG_BYTES, reader };
  const aliases: ImportAlias[] = [];
  for (const { url, bytes } of nearestFiles(module, { names: DENO_NAMES, ...limits }).slice(0, 1)) {
    const config = parseRecord(bytes);
    addImportMap(aliases, { map: config, base: url });
    const { importMap } = config;
    const apart = typeof importMap === "string" ? URL.parse(importMap, url) : null;
    const text = apart?.protocol === "file:" ? reader.read(apart.href, MAX_CONFIG_BYTES) : null;
    if (apart === null || text === null || text === "too-large") continue;
    addImportMap(aliases, { map: parseRecord(text), base: apart.href });
  }
  for (const { url, bytes } of nearestFiles(module, { names: ["package.json"], ...limits })) {
    for (const [name, targets] of Object.entries(recordOf(parseRecord(bytes)["imports"]))) {
      for (const target of stringsIn(targets, MAX_DEPTH)) add(aliases, { name, target, base: url, star: "*" });
    }
  }
  return aliases;
}

/**
 * Where a specifier may lead by its name: every place, because which one holds depends on the module that imports it.
 *
 * @param aliases The names.
 * @param specifier What is imported.
 * @returns URLs, and specifiers such as `npm:name`.
 */
export function aliasTargets(aliases: readonly ImportAlias[], specifier: string): readonly string[] {
  const targets: string[] = [];
  for (const { before, after, target } of aliases) {
    if (after === null) {
      if (specifier === before) targets.push(target);
      continue;
    }
    const fits = specifier.length >= before.length + after.length && specifier.startsWith(before) &&
      specifier.endsWith(after);
    if (fits) {
      targets.push(target.replaceAll("*", () => specifier.slice(before.length, specifier.length - after.length)));
    }
  }
  return targets;
}

function addImportMap(
  aliases: ImportAlias[],
  { map, base }: { readonly map: Readonly<Record<string, unknown>>; readonly base: string },
): void {
  const scopes = Object.values(recordOf(map["scopes"]));
  for (const names of [map["imports"], ...scopes]) {
    for (const [name, target] of Object.entries(recordOf(names))) {
      if (typeof target !== "string") continue;
      // In an import map a name with a slash at its end stands for everything below it.
      if (name.endsWith("/")) add(aliases, { name: `${name}*`, target: `${target}*`, base, star: "*" });
      else add(aliases, { name, target, base, star: null });
    }
  }
}

function add(
  aliases: ImportAlias[],
  { name, target, base, star }: {
    readonly name: string;
    readonly target: string;
    readonly base: string;
    readonly star: string | null;
  },
): void {
  if (aliases.length >= MAX_ALIASES) return;
  const resolved = /^(?:\.{0,2}\/|file:)/.test(target) ? URL.parse(target, base)?.href ?? null : target;
  if (resolved === null) return;
  const at = star === null ? -1 : name.indexOf(star);
  aliases.push({
    before: at < 0 ? name : name.slice(0, at),
    after: at < 0 ? null : name.slice(at + 1),
    target: resolved,
  });
}

function parseRecord(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return recordOf(parse(new TextDecoder().decode(bytes), [], { allowTrailingComma: true }) as unknown);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Readonly<Record<string, unknown>> : {};
}

function stringsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === "string") return [value];
  if (depth === 0 || typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((inner) => stringsIn(inner, depth - 1));
}
