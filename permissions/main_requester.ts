/** The main program as requester: what an import of Parley, without a navigator of its own, acts for. */
import { type OriginKind, type Requester, REQUESTER_SCHEMA } from "./requester.ts";

/**
 * Makes the requester of the main module from what the process says of itself. That is a label, never evidence: only a
 * launcher outside the process can vouch for it.
 *
 * @param mainModule URL of the main module, or null when there is none (REPL, eval, standard input).
 * @param pid Process id.
 */
export function mainRequester(mainModule: string | null, pid: number): Requester {
  const { origin, kind } = originOf(mainModule);
  return Object.freeze({
    schema: REQUESTER_SCHEMA,
    origin,
    kind,
    role: "program",
    evidence: "claimed",
    insecure: origin.startsWith("http:") ? "it came over plain http" : null,
    rememberable: kind !== "opaque" && !origin.startsWith("http:"),
    mainSha256: null,
    lockSha256: null,
    modules: [],
    pid,
  });
}

function originOf(mainModule: string | null): { origin: string; kind: OriginKind } {
  const url = mainModule === null ? null : URL.parse(mainModule);
  switch (url?.protocol) {
    case "file:":
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
