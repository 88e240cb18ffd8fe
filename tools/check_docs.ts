/**
 * Proves that everything exported is documented: a sentence on every export and member, `@param` for what a public function
 * takes, an example on the classes and main functions of the entries, and `deno doc --lint` on the entries.
 * That whatever throws says so is the lint plugin's rule `parley/documented-throws`.
 */
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ParleyError } from "../core/errors.ts";
import { ENTRIES, type Finding, PROJECT_ROOT, readIfPresent, reportFindings } from "./project.ts";
import { runCommand } from "./run_command.ts";
import { isShippedFile, listSourceFiles } from "./source_files.ts";

interface Documented {
  readonly name?: string;
  readonly jsDoc?: {
    readonly doc?: string;
    readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
  };
  readonly location?: { readonly filename: string; readonly line: number };
  readonly accessibility?: string;
}

interface Definition {
  readonly constructors?: readonly (Documented & { readonly params?: readonly unknown[] })[];
  readonly properties?: readonly Documented[];
  readonly methods?: readonly (Documented & { readonly isOverride?: boolean })[];
  readonly params?: readonly unknown[];
}

interface Declaration extends Documented {
  readonly kind: string;
  readonly declarationKind: string;
  readonly def?: Definition;
}

/** What `deno doc --json` says of one module. */
export interface ModuleDoc {
  /** What it declares or hands on. */
  readonly symbols?: readonly { readonly name: string; readonly declarations: readonly Declaration[] }[];
}

/** How strictly a module is judged. */
export interface DocRules {
  /** The module's own URL: what it only hands on is judged where it stands. */
  readonly url: string;
  /** Its path in findings. */
  readonly file: string;
}

const isDocumented = ({ jsDoc }: Documented): boolean => (jsDoc?.doc ?? "").trim() !== "";
const hasTag = ({ jsDoc }: Documented, kind: string): boolean => (jsDoc?.tags ?? []).some((tag) => tag.kind === kind);

/** Parameters that are explained are enough for a constructor; `deno doc --lint` wants a sentence too where it is public. */
const isExplained = ({ jsDoc }: Documented): boolean => (jsDoc?.tags ?? []).some(({ doc }) => (doc ?? "") !== "");

function members({ def }: Declaration): { readonly name: string; readonly member: Documented }[] {
  // A constructor without parameters has nothing to say beyond its class.
  const constructors = (def?.constructors ?? []).filter((one) => (one.params?.length ?? 0) > 0 && !isExplained(one));
  return [
    ...constructors.map((member) => ({ name: "constructor", member })),
    ...(def?.properties ?? []).map((member) => ({ name: member.name ?? "?", member })),
    // An overriding method is documented where it was first declared.
    ...(def?.methods ?? []).filter(({ isOverride }) => isOverride !== true).map((member) => ({
      name: `${member.name}()`,
      member,
    })),
  ];
}

/**
 * Judges one module.
 *
 * @param module What `deno doc --json` says of it.
 * @param rules Which module it is.
 * @returns What lacks a doc comment.
 */
export function judgeModule(module: ModuleDoc, rules: DocRules): Finding[] {
  const findings: Finding[] = [];
  const miss = (thing: Documented, message: string): void => {
    findings.push({ where: `${rules.file}:${(thing.location?.line ?? 0) + 1}`, message });
  };
  for (const { name, declarations } of module.symbols ?? []) {
    const own = declarations.filter(({ kind, declarationKind, location }) =>
      kind !== "reference" && declarationKind === "export" && location?.filename === rules.url
    );
    // Overloads may share the comment of one of them.
    if (own.length > 0 && !own.some(isDocumented)) miss(own[0] as Declaration, `${name} has no doc comment`);
    for (const declaration of own) {
      for (const { name: inner, member } of members(declaration)) {
        if (!isDocumented(member)) miss(member, `${name}.${inner} has no doc comment`);
      }
    }
  }
  return findings;
}

/**
 * Judges what an entry gives to users: a class, and a function with parameters, shows how it is used.
 *
 * @param module What `deno doc --json` says of the entry.
 * @param file Its path in findings.
 * @returns What lacks an example.
 */
export function judgeEntry(module: ModuleDoc, file: string): Finding[] {
  const findings: Finding[] = [];
  for (const { name, declarations } of module.symbols ?? []) {
    const main = declarations.filter(({ kind, def }) =>
      kind === "class" || (kind === "function" && def?.params?.length !== 0)
    );
    if (main.length === 0 || main.some((one) => hasTag(one, "example"))) continue;
    findings.push({ where: file, message: `${name} has no @example` });
  }
  return findings;
}

async function readDocs(files: readonly string[]): Promise<Map<string, ModuleDoc>> {
  const result = await runCommand([process.execPath, "doc", "--json", ...files], { cwd: PROJECT_ROOT });
  if (result.status !== 0) {
    throw new ParleyError("INTERNAL_INVARIANT", `Cannot read the documentation: ${result.output.trim()}`);
  }
  const { nodes } = JSON.parse(result.stdout) as { nodes: Record<string, ModuleDoc> };
  return new Map(Object.entries(nodes));
}

async function checkProject(): Promise<Finding[]> {
  const files = (await listSourceFiles(PROJECT_ROOT)).filter(isShippedFile);
  const docs = await readDocs(files);
  const urlOf = (file: string): string => pathToFileURL(join(PROJECT_ROOT, file)).href;
  const findings: Finding[] = [];
  for (const file of files) {
    const module = docs.get(urlOf(file));
    // A file that exports nothing still has to be known to the tool, or it was not looked at.
    if (module === undefined) findings.push({ where: file, message: "the documentation tool passed it over" });
    else findings.push(...judgeModule(module, { url: urlOf(file), file }));
  }
  const entries: string[] = [];
  for (const entry of ENTRIES) {
    if ((await readIfPresent(join(PROJECT_ROOT, entry))) === null) {
      findings.push({ where: entry, message: "this entry of the package is not there" });
    } else entries.push(entry);
  }
  for (const entry of entries) {
    // By itself: together with the files it hands on from, the tool gives references instead of declarations.
    const module = (await readDocs([entry])).get(urlOf(entry));
    if (module !== undefined) findings.push(...judgeEntry(module, entry));
  }
  if (entries.length === 0) return findings;
  const lint = await runCommand([process.execPath, "doc", "--lint", ...entries], { cwd: PROJECT_ROOT });
  if (lint.status !== 0) findings.push({ where: "deno doc --lint", message: `\n${lint.output.trim()}` });
  return findings;
}

if (import.meta.main) {
  const findings = await checkProject().catch((error: unknown): Finding[] => {
    if (error instanceof ParleyError) return [{ where: "deno doc", message: error.message }];
    throw error;
  });
  process.exitCode = reportFindings("docs", findings);
}
