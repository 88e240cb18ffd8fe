/** The main program as requester: what an import of Parley, without a navigator of its own, acts for. */
import { type OriginKind, type Requester, REQUESTER_SCHEMA } from "./requester.ts";

/** What somebody read of the program's code. */
export interface ProgramFacts {
  /** Why the code is not to be trusted, in words for the operator; or null. */
  readonly insecure: string | null;
  /** Hashes of its files, and whether those are all. */
  readonly code: Pick<Requester, "mainSha256" | "lockSha256" | "modules"> & { readonly complete: boolean };
}

/**
 * Makes the requester of the main module from what the process says of itself. That is a label, never evidence: only a
 * launcher outside the process can vouch for it.
 *
 * @param mainModule URL of the main module, or null when there is none (REPL, eval, standard input).
 * @param pid Process id.
 * @param facts What was read of its code; without it, plain http alone makes the program insecure.
 */
export function mainRequester(mainModule: string | null, pid: number, facts: ProgramFacts | null = null): Requester {
  const { origin, kind } = originOf(mainModule);
  const overHttp = origin.startsWith("http:");
  const insecure = facts !== null ? facts.insecure : overHttp ? "it came over plain http" : null;
  const code = facts?.code ?? null;
  return Object.freeze({
    schema: REQUESTER_SCHEMA,
    origin,
    kind,
    role: "program",
    evidence: "claimed",
    insecure,
    // What was not read could change unseen, and over plain http everything could (CON-09).
    rememberable: kind !== "opaque" && !overHttp && insecure === null && (code === null || code.complete),
    mainSha256: code?.mainSha256 ?? null,
    lockSha256: code?.lockSha256 ?? null,
    modules: code?.modules ?? [],
    pid,
  });
}

/**
 * The origin of a module: what it was loaded as, never what it says of itself.
 *
 * @param module Its URL, or null for code without one.
 */
export function originOf(module: string | null): { origin: string; kind: OriginKind } {
  const url = module === null ? null : URL.parse(module);
  switch (url?.protocol) {
    case "file:":
      // Both are the same file.
      url.search = "";
      url.hash = "";
      return { origin: url.href, kind: "file" };
    case "http:":
    case "https:":
      return { origin: url.origin, kind: "remote" };
    case "jsr:":
    case "npm:":
      return { origin: packageOrigin(url), kind: "package" };
    default:
      return { origin: "opaque:main", kind: "opaque" };
  }
}

/** `npm:name@1.2.3/path` is the package `npm:name`; a scope belongs to the name. */
function packageOrigin(url: URL): string {
  const [, name] = /^\/?((?:@[^/@]+\/)?[^/@]+)/u.exec(url.pathname) ?? [];
  return `${url.protocol}${name ?? url.pathname}`;
}
