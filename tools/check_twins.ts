/**
 * Proves that deno.json and package.json say the same: identity, exports and versions of packages. And that every mention of
 * a pinned runtime in documents and scripts is the version that the tests run on.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { RUNTIME_VERSIONS } from "../tests/support/runtimes.ts";
import { type Finding, PROJECT_ROOT, readIfPresent, reportFindings } from "./project.ts";

type Names = Readonly<Record<string, string>>;

/** What matters here of either file. */
export interface Manifest {
  /** Name of the package. */
  readonly name?: string;
  /** Its version. */
  readonly version?: string;
  /** Its licence. */
  readonly license?: string;
  /** Entry points. */
  readonly exports?: Names;
  /** deno.json: the import map. */
  readonly imports?: Names;
  /** package.json: packages needed at run time. */
  readonly dependencies?: Names;
  /** package.json: native packages. */
  readonly optionalDependencies?: Names;
  /** package.json: packages for development. */
  readonly devDependencies?: Names;
}

/** Files that tell people or machines which runtime to fetch. */
const MENTIONS: readonly string[] = [".ci/run", "README.md", "CONTRIBUTING.md", ".github/workflows/ci.yml"];

function compare(what: string, left: Names, right: Names): Finding[] {
  const findings: Finding[] = [];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const [a, b] = [left, right].map((side) => Object.hasOwn(side, key) ? side[key] : undefined);
    if (a === b) continue;
    const say = (value: string | undefined): string => value === undefined ? "lacks it" : `says ${value}`;
    findings.push({ where: "deno.json", message: `${what} ${key}: deno.json ${say(a)}, package.json ${say(b)}` });
  }
  return findings;
}

/** Packages from npm in an import map, as package.json would list them. */
function npmImports(imports: Names): { readonly versions: Names; readonly findings: Finding[] } {
  const versions: Record<string, string> = { __proto__: null } as unknown as Record<string, string>;
  const findings: Finding[] = [];
  for (const [key, target] of Object.entries(imports)) {
    if (/^(jsr:|\.{0,2}\/)/.test(target)) continue;
    const [, name, version] = /^npm:((?:@[^/@]+\/)?[^/@]+)@([^/]+)$/.exec(target) ?? [];
    if (name === undefined || version === undefined) {
      findings.push({
        where: "deno.json",
        message: `imports ${key}: ${target} is neither npm:name@version, jsr: nor a path`,
      });
    } else if (name !== key) {
      findings.push({ where: "deno.json", message: `imports ${key}: Bun and Node know the package as ${name} only` });
    } else versions[name] = version;
  }
  return { versions, findings };
}

/**
 * Compares the two manifests.
 *
 * @param deno deno.json.
 * @param node package.json.
 * @returns Where they differ.
 */
export function compareManifests(deno: Manifest, node: Manifest): Finding[] {
  const identity = ({ name = "", version = "", license = "" }: Manifest): Names => ({ name, version, license });
  const { versions, findings } = npmImports(deno.imports ?? {});
  const listed = [node.dependencies, node.optionalDependencies, node.devDependencies].map((part) => part ?? {});
  const all: Record<string, string> = Object.assign({ __proto__: null }, ...listed);
  for (const [name, version] of Object.entries(all)) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
      findings.push({ where: "package.json", message: `${name}: ${version} is not one exact version` });
    }
    if (listed.filter((part) => Object.hasOwn(part, name)).length > 1) {
      findings.push({ where: "package.json", message: `${name} is listed twice` });
    }
  }
  return [
    ...compare("", identity(deno), identity(node)),
    ...compare("exports", deno.exports ?? {}, node.exports ?? {}),
    ...compare("package", versions, all),
    ...findings,
  ];
}

/**
 * Looks for other versions of the pinned runtimes in a text.
 *
 * @param file Its name, for the findings.
 * @param text Its content.
 */
export function compareMentions(file: string, text: string): Finding[] {
  return text.split("\n").flatMap((line, index) =>
    [...line.matchAll(/\b(deno|bun|node)@(\d[\w.-]*\w)/g)].flatMap(([mention, name]) => {
      const wanted = `${name}@${RUNTIME_VERSIONS[name as "deno"]}`;
      return mention === wanted
        ? []
        : [{ where: `${file}:${index + 1}`, message: `${mention}: the tests run on ${wanted}` }];
    })
  );
}

async function checkExports(deno: Manifest): Promise<Finding[]> {
  const missing: Finding[] = [];
  for (const [key, path] of Object.entries(deno.exports ?? {})) {
    if ((await readIfPresent(join(PROJECT_ROOT, path))) === null) {
      missing.push({ where: "deno.json", message: `exports ${key}: there is no ${path}` });
    }
  }
  return missing;
}

if (import.meta.main) {
  const read = async (name: string): Promise<Manifest> =>
    JSON.parse(await readFile(join(PROJECT_ROOT, name), "utf8")) as Manifest;
  const deno = await read("deno.json");
  const findings = [...compareManifests(deno, await read("package.json")), ...(await checkExports(deno))];
  for (const file of MENTIONS) {
    const text = await readIfPresent(join(PROJECT_ROOT, file));
    if (text !== null) findings.push(...compareMentions(file, text));
  }
  process.exitCode = reportFindings("twins", findings);
}
