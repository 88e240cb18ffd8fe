/**
 * Proves the import rules of `layer_rules.ts` from the real module graph, and the rules about files: names, sizes,
 * no silenced house rules. What a single file may say is the lint plugin's affair.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { findCycles, judgeExternal, judgeInternal } from "./layer_rules.ts";
import { readModuleGraph } from "./module_graph.ts";
import { type Finding, PROJECT_ROOT, readIfPresent, reportFindings } from "./project.ts";
import { listSourceFiles } from "./source_files.ts";

const WARN_LINES = 300;
const MAX_LINES = 500;
const BANNED_NAME =
  /^_?(utils?|helpers?|commons?|misc|[a-z_]*managers?)(_test)?\.ts$|(^|_)(utils?|helpers?|manager)(_|\.)/;

/** What a check of the tree came to. */
export interface LayerReport {
  /** Broken rules. */
  readonly findings: readonly Finding[];
  /** Files that are longer than they should be, but may stay. */
  readonly warnings: readonly Finding[];
}

function judgeName(file: string): Finding[] {
  const name = file.slice(file.lastIndexOf("/") + 1);
  if (BANNED_NAME.test(name)) {
    return [{ where: file, message: "a file is named for its main symbol, not utils, helpers, common or manager" }];
  }
  if (!/^_?[a-z0-9_]+(\.gen)?\.ts$/.test(name)) return [{ where: file, message: "file names are snake_case" }];
  return [];
}

function judgeText(file: string, text: string): LayerReport {
  const findings: Finding[] = [];
  const warnings: Finding[] = [];
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const generated = file.endsWith(".gen.ts");
  if (lines > MAX_LINES && !generated) {
    findings.push({ where: file, message: `${lines} lines; ${MAX_LINES} is the end: split it` });
  } else if (lines > WARN_LINES && !generated) {
    warnings.push({ where: file, message: `${lines} lines; above ${WARN_LINES} it needs a reason` });
  }
  text.split("\n").forEach((line, index) => {
    const where = `${file}:${index + 1}`;
    if (/^\s*\/\/\s*deno-lint-ignore(-file)?\s*$/.test(line)) {
      findings.push({ where, message: "a lint ignore names its rules" });
    } else if (/^\s*\/\/\s*deno-lint-ignore.*parley\//.test(line) && !/ -- \S/.test(line)) {
      findings.push({ where, message: "house rules are ignored with a reason only: `-- why`" });
    }
  });
  return { findings, warnings };
}

async function shippedPackages(root: string): Promise<Set<string>> {
  const text = await readIfPresent(join(root, "package.json"));
  const manifest = JSON.parse(text ?? "{}") as Record<string, Record<string, string> | undefined>;
  return new Set(
    [manifest["dependencies"], manifest["optionalDependencies"]].flatMap((part) => Object.keys(part ?? {})),
  );
}

/**
 * Checks a project.
 *
 * @param root Its path.
 * @returns What was found.
 */
export async function checkLayers(root: string): Promise<LayerReport> {
  const files = await listSourceFiles(root);
  const findings: Finding[] = files.flatMap(judgeName);
  const warnings: Finding[] = [];
  for (const file of files) {
    const judged = judgeText(file, await readFile(join(root, file), "utf8"));
    findings.push(...judged.findings);
    warnings.push(...judged.warnings);
  }
  const known = new Set(files);
  const packages = await shippedPackages(root);
  const edges = await readModuleGraph(root, files);
  for (const edge of edges) {
    const isOurs = /\.(ts|json|js|mjs)$/.test(edge.to) && !/^[a-z]+:/.test(edge.to);
    const broken = isOurs ? judgeInternal(edge) : judgeExternal(edge, packages);
    const where = `${edge.from}:${edge.line}`;
    if (broken !== null) findings.push({ where, message: `imports ${edge.to}: ${broken}` });
    else if (isOurs && edge.to.endsWith(".ts") && !known.has(edge.to)) {
      findings.push({ where, message: `imports ${edge.to}: there is no such file` });
    }
  }
  for (const { edge, ring } of findCycles(edges)) {
    findings.push({ where: `${edge.from}:${edge.line}`, message: `closes a ring of imports: ${ring.join(" > ")}` });
  }
  return { findings, warnings };
}

if (import.meta.main) {
  const { findings, warnings } = await checkLayers(PROJECT_ROOT);
  for (const { where, message } of warnings) console.log(`warning: ${where}: ${message}`);
  process.exitCode = reportFindings("layers", findings);
}
