/** The origin of a library: the package that a module's URL stands in, or the module itself. A label, as every origin in-process. */
import { originOf } from "../main_requester.ts";
import type { OriginKind } from "../requester.ts";

/** Below `node_modules/` the last such directory counts: packages stand in each other. */
const INSTALLED = /^.*\/node_modules\/((?:@[^/@]+\/)?[^/@]+)\//;
/** Deno's cache: `npm/<registry>/<name>/<version>/`. */
const CACHED = /^.*\/npm\/([^/]+\.[^/]+)\/((?:@[^/@]+\/)?[^/@]+)\/\d+\.\d+\.\d+[^/]*\//;
const JSR = /^\/(@[^/@]+\/[^/@]+)\//;
/** A package of JSR as npm's clients know it. */
const JSR_FOR_NPM = /^@jsr\/(.+?)__(.+)$/;
/** Hosts of npm's own. */
const USUAL_REGISTRY = /(?:^|\.)npmjs\.org$/;

/**
 * The origin of a library's module: `npm:name` and `jsr:@scope/name` for packages, with the registry where it is not the usual
 * one (`npm://registry.example/name`), the web origin for remote modules, the URL for local ones.
 *
 * @param module Its URL, as `import.meta.url` has it.
 */
export function libraryOrigin(module: string): { readonly origin: string; readonly kind: OriginKind } {
  const url = URL.parse(module);
  const name = url === null ? null : packageOf(url);
  if (name !== null) return { origin: name, kind: "package" };
  const { origin, kind } = originOf(module);
  return { origin: kind === "opaque" ? "opaque:library" : origin, kind };
}

function packageOf({ protocol, origin, pathname }: URL): string | null {
  if (protocol === "file:") {
    const [, installed] = INSTALLED.exec(pathname) ?? [];
    if (installed !== undefined) return installedName(installed);
    const [, registry, cached] = CACHED.exec(pathname) ?? [];
    if (registry === undefined) return null;
    return USUAL_REGISTRY.test(registry) ? `npm:${cached}` : `npm://${registry}/${cached}`;
  }
  const [, name] = origin === "https://jsr.io" ? JSR.exec(pathname) ?? [] : [];
  return name === undefined ? null : `jsr:${name}`;
}

function installedName(name: string): string {
  const [, scope, rest] = JSR_FOR_NPM.exec(name) ?? [];
  return scope === undefined ? `npm:${name}` : `jsr:@${scope}/${rest}`;
}
