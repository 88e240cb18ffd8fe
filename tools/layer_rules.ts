/**
 * Which folder may import which. ARCHITECTURE.md tells the same in prose.
 *
 * core <- permissions <- net, xr, media <- cli, mod.ts. A runtime's back end sees core and, type-only, the ports it implements.
 */
import type { Edge } from "./module_graph.ts";
import { isShippedFile, isTestFile } from "./source_files.ts";

/** Layers that a layer may import besides itself. */
const LAYERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["core", []],
  ["permissions", ["core"]],
  ["net", ["core", "permissions"]],
  ["xr", ["core", "permissions"]],
  ["media", ["core", "permissions"]],
]);

/** Files that put the layers together: they may reach into runtime/. */
const COMPOSITION =
  /^(mod\.ts|testing\.ts|(net|permissions|xr|media)\/mod\.ts|net\/node\.ts|permissions\/(ambient|compose)\.ts)$/;

/** What a back end may know of the layers above it, as types. */
const PORT = /(^|\/)(port|[a-z_]+_port|prompter|grant|descriptor|requester|driver)\.ts$/;

function segments(path: string, count: number): string {
  return path.split("/").slice(0, count).join("/");
}

function judgeCore({ to }: Edge): string | null {
  return to.startsWith("core/") ? null : "core imports nothing of ours outside core";
}

function judgeNet({ from, to }: Edge): string | null {
  const insideEngine = from.startsWith("net/engine/");
  if (insideEngine && /^net\/(faces|above)\//.test(to)) {
    return "the engine imports neither a face nor what stands above";
  }
  const face = from.startsWith("net/faces/") ? segments(from, 3) : null;
  if (face !== null && to.startsWith("net/faces/") && segments(to, 3) !== face) {
    return "a face never imports another face; what they share belongs in net/engine";
  }
  return null;
}

function judgeXr({ from, to }: Edge): string | null {
  const pure = /^xr\/(fusion|privacy)\//.exec(from);
  if (pure !== null) return to.startsWith("core/") || to.startsWith(pure[0]) ? null : `${pure[0]} imports only core`;
  if (!/^xr\/drivers\/[^/]+\//.test(from)) return null;
  const allowed = to.startsWith(`${segments(from, 3)}/`) || to.startsWith("xr/drivers/_") ||
    to === "xr/drivers/driver.ts" || to.startsWith("core/bytes/");
  return allowed ? null : "a driver imports its own folder, xr/drivers/driver.ts and core/bytes";
}

function judgeRuntime({ from, to, typeOnly }: Edge): string | null {
  if (to.startsWith("core/")) return null;
  if (!/^runtime\/[^/]+\//.test(from)) {
    return to.startsWith("runtime/") ? null : allowPort(to, typeOnly);
  }
  if (to.startsWith(`${segments(from, 2)}/`) || to.startsWith("runtime/_node/")) return null;
  // What stands in runtime/ itself is shared by all, but for the file that picks one.
  if (/^runtime\/[^/]+$/.test(to)) return to === "runtime/auto.ts" ? "a back end does not pick the runtime" : null;
  if (to.startsWith("runtime/")) return "one runtime never imports another; what they share belongs in runtime/_node";
  return allowPort(to, typeOnly);
}

function allowPort(to: string, typeOnly: boolean): string | null {
  if (!PORT.test(to)) return "runtime imports core, runtime/_node and, with `import type`, ports";
  return typeOnly ? null : "runtime imports a port with `import type` only";
}

function judgeLayer(edge: Edge): string | null {
  const { from, to } = edge;
  const layer = segments(from, 1);
  const target = segments(to, 1);
  if (layer !== target) {
    if (target === "runtime" && COMPOSITION.test(from)) return null;
    const artwork = /^(xr\/outputs\/|media\/session\/artwork\.ts$)/.test(from) && to === "net/mod.ts";
    if (!artwork && !(LAYERS.get(layer) ?? []).includes(target)) return `${layer} does not import ${target}`;
  }
  if (layer === "core") return judgeCore(edge);
  if (layer === "net") return judgeNet(edge);
  return layer === "xr" ? judgeXr(edge) : null;
}

/**
 * Judges an import of one of our files by another.
 *
 * @param edge The import.
 * @returns The rule it breaks, or null.
 */
export function judgeInternal(edge: Edge): string | null {
  const { from, to } = edge;
  if (isTestFile(from)) return null;
  if (isTestFile(to) && !/^(tools|bench)\//.test(from)) return "only tests, tools and bench import tests";
  if (/^(tools|bench|examples)\//.test(from)) return null;
  if (/^(tools|bench|examples)\//.test(to)) return "nothing that is shipped imports tools, bench or examples";
  if (to.startsWith("cli/")) return from.startsWith("cli/") ? null : "nothing imports the command line";
  if (from.startsWith("cli/") || from === "mod.ts" || from === "testing.ts") return null;
  if (from.startsWith("runtime/")) return judgeRuntime(edge);
  return judgeLayer(edge);
}

/**
 * Judges an import from outside the project.
 *
 * @param edge The import.
 * @param shippedPackages Names of the packages that users get with Parley.
 * @returns The rule it breaks, or null.
 */
export function judgeExternal(edge: Edge, shippedPackages: ReadonlySet<string>): string | null {
  const { from, to } = edge;
  if (to.startsWith("jsr:") || to.startsWith("@std/")) {
    return from.startsWith("examples/") ? null : "packages from JSR stand in examples only";
  }
  if (/^https?:/.test(to)) return "remote modules are not imported";
  if (!isShippedFile(from)) return null;
  if (/^(node|bun):/.test(to)) {
    const allowed = from.startsWith("runtime/") || from === "cli/main.ts";
    return allowed ? null : `only runtime/ imports ${to}: ask for it by a port`;
  }
  const name = /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(to)?.[1];
  if (name === undefined) return `cannot be resolved: ${to}`;
  return shippedPackages.has(name) ? null : `${name} is not among the dependencies in package.json`;
}

/**
 * Finds rings of value imports. Type-only imports and `import()` calls leave no ring at load time.
 *
 * @param edges All imports.
 * @returns The edges that close a ring, each with the ring's files in order.
 */
export function findCycles(edges: readonly Edge[]): { readonly edge: Edge; readonly ring: readonly string[] }[] {
  const outgoing = new Map<string, Edge[]>();
  for (const edge of edges) {
    if (!edge.typeOnly && !edge.dynamic) outgoing.set(edge.from, [...(outgoing.get(edge.from) ?? []), edge]);
  }
  const done = new Set<string>();
  const path: string[] = [];
  const rings: { edge: Edge; ring: string[] }[] = [];
  function visit(file: string): void {
    path.push(file);
    for (const edge of outgoing.get(file) ?? []) {
      const at = path.indexOf(edge.to);
      if (at >= 0) rings.push({ edge, ring: [...path.slice(at), edge.to] });
      else if (!done.has(edge.to)) visit(edge.to);
    }
    path.pop();
    done.add(file);
  }
  for (const file of outgoing.keys()) if (!done.has(file)) visit(file);
  return rings;
}
