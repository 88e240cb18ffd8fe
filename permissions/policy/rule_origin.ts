/** The origins that a rule is for, brought into the form that requesters have (see `main_requester.ts`). */

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const NativeURL = URL;
const { decodeURIComponent: decode, encodeURI: encode } = globalThis;

const PACKAGE = /^(?:npm:(?:@[^/@\s]+\/)?[^/@\s]+|jsr:@[^/@\s]+\/[^/@\s]+)$/u;
/** A verb of Parley's own command: what learn mode writes for it has to be read again. */
const COMMAND = /^parley:[a-z]+$/u;
const VERSION = /^(?:npm|jsr):(?:@[^/@\s]+\/)?[^/@\s]+[@/]/u;
const UNFIT = /\p{Cc}|\p{Cs}/u;

/** An origin, in every spelling that it has; or why a text is none. */
export type OriginReading = { readonly origins: readonly string[] } | { readonly problem: string };

/**
 * Reads one origin.
 *
 * @param text An absolute path, a file: URL, an https: origin, `npm:name`, `jsr:@scope/name` or `parley:verb`.
 */
export function readOrigin(text: string): OriginReading {
  if (text.startsWith("/")) return fromPath(text);
  if (PACKAGE.test(text) || COMMAND.test(text)) return { origins: [text] };
  if (VERSION.test(text)) return { problem: "a package is named without version and path" };
  const url = parse(text);
  switch (url?.protocol) {
    case "file:":
      return fromFileUrl(url);
    case "https:":
      return fromHttps(url);
    case "http:":
      return { problem: "code that came over plain http is refused in any case" };
    default:
      return { problem: "it is no absolute path, file: URL, https: origin, npm:name or jsr:@scope/name" };
  }
}

function fromPath(path: string): OriginReading {
  if (path.endsWith("/")) return { problem: "it is a folder; an origin is one program" };
  if (UNFIT.test(path)) return { problem: "it has control characters" };
  if (path.slice(1).split("/").some((part) => part === "" || part === "." || part === "..")) {
    return { problem: "it has an empty part, or one of dots" };
  }
  // Runtimes, and functions of one runtime, do not agree on what a path needs escaped in a URL.
  const most = `file://${encode(path).replaceAll("~", "%7E").replaceAll("#", "%23").replaceAll("?", "%3F")}`;
  const some = most.replaceAll("%5B", "[").replaceAll("%5D", "]").replaceAll("%7C", "|").replaceAll("%7E", "~");
  return { origins: [...new Set([most, some, some.replaceAll("%5E", "^")])] };
}

function fromFileUrl(url: URL): OriginReading {
  if (url.host !== "") return { problem: "it names another machine" };
  if (url.search !== "" || url.hash !== "") return { problem: "it has a query or a fragment" };
  if (/%2f/iu.test(url.pathname)) return { problem: "it has an escaped slash" };
  try {
    return fromPath(decode(url.pathname));
  } catch {
    return { problem: "it has escapes that are not UTF-8" };
  }
}

function fromHttps(url: URL): OriginReading {
  const { pathname, search, hash, username, password, origin } = url;
  const bare = pathname === "/" && [search, hash, username, password].every((part) => part === "");
  return bare ? { origins: [origin] } : { problem: `an origin has no path; write ${origin}` };
}

function parse(text: string): URL | null {
  try {
    return new NativeURL(text);
  } catch {
    return null;
  }
}
