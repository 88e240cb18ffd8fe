/** The module graph as Deno resolves it, with type-only and value imports told apart. Reaches no network. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ParleyError } from "../core/errors.ts";
import { runCommand } from "./run_command.ts";

/** One import. */
export interface Edge {
  /** The importing file, relative to the project. */
  readonly from: string;
  /** The imported file relative to the project, or a specifier such as `node:net` or `npm:name@1.0.0`. */
  readonly to: string;
  /** Line of the import, from 1. */
  readonly line: number;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
  /** Whether it is an `import()` call. */
  readonly dynamic: boolean;
}

interface Resolved {
  readonly specifier?: string;
  readonly error?: string;
  readonly span: { readonly start: { readonly line: number } };
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly { specifier: string; code?: Resolved; type?: Resolved; isDynamic?: boolean }[];
  }[];
}

function edgesOf(info: Info, root: string): Edge[] {
  const base = pathToFileURL(`${root}/`).href;
  const local = (specifier: string): string | null =>
    specifier.startsWith(base) ? decodeURIComponent(specifier.slice(base.length)) : null;
  const edges: Edge[] = [];
  for (const module of info.modules) {
    const from = local(module.specifier);
    if (from === null || from.startsWith("node_modules/")) continue;
    for (const dependency of module.dependencies ?? []) {
      const target = dependency.code ?? dependency.type;
      if (target === undefined) continue;
      edges.push({
        from,
        to: local(target.specifier ?? dependency.specifier) ?? target.specifier ?? dependency.specifier,
        line: target.span.start.line + 1,
        typeOnly: dependency.code === undefined,
        dynamic: dependency.isDynamic === true,
      });
    }
  }
  return edges;
}

/**
 * Reads every import of the given files.
 *
 * @param root Path of the project.
 * @param files Paths relative to it.
 * @returns One edge per file and imported module.
 * @throws {ParleyError} `INTERNAL_INVARIANT` when the graph cannot be read.
 */
export async function readModuleGraph(root: string, files: readonly string[]): Promise<Edge[]> {
  const folder = await mkdtemp(join(tmpdir(), "parley-graph-"));
  try {
    const entry = join(folder, "all.ts");
    const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)).href)};\n`);
    await writeFile(entry, imports.join(""));
    const deno = process.execPath;
    const config = join(relative(process.cwd(), root) || ".", "deno.json");
    const result = await runCommand([deno, "info", "--json", "--no-remote", "--no-lock", "--config", config, entry]);
    if (result.status !== 0) {
      throw new ParleyError("INTERNAL_INVARIANT", `Cannot read the module graph: ${result.output.trim()}`);
    }
    return edgesOf(JSON.parse(result.stdout) as Info, root);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
