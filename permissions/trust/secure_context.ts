/**
 * Whether a program's code is to be trusted (NET-16): whether somebody other than its author and the operator could have put it
 * there. The web's word for it is secure context.
 *
 * What cannot be seen is not held against a program: where Deno's permissions hide its files, flags and environment, they also
 * keep it from much; so no check here makes Deno ask. What hides is: owner and mode of files (no `--allow-read`), the owner's
 * name (no `--allow-sys=uid`), flags and the initial environment (not all permissions). The way a program came to the
 * runtime, and its URL, always show.
 */
import { shellQuote } from "../../core/escape.ts";
import { classifyAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { Exposure, ProgramSource } from "./program_port.ts";

/** What decides. Plain data. */
export interface TrustFacts {
  /** URL of the main module, or null where there is none. */
  readonly mainModule: string | null;
  /** How the program came to the runtime. */
  readonly source: ProgramSource;
  /** What is imported from elsewhere by local files: URLs and specifiers such as `npm:name`. */
  readonly remote: readonly string[];
  /** Hosts whose certificates are not checked; all when empty, null when they are checked. */
  readonly uncheckedHosts: readonly string[] | null;
  /** A file of the program that somebody else can change, or null. */
  readonly exposed: Exposure | null;
  /** What PARLEY_ALLOW_INSECURE held when the process started: origins of this machine that may serve code over http. */
  readonly allowInsecure: string | undefined;
}

const PUT_IN_A_FILE = "put it into a file that only you can change, and run that";
/** Names of packages: which host they come from is a setting that cannot be seen here, so no host may be unchecked. */
const PACKAGES: ReadonlySet<string> = new Set(["npm:", "jsr:"]);

/**
 * Says why a program's code is not to be trusted. Pure.
 *
 * @param facts What is known of it.
 * @returns The reason and what to do about it, for the operator; null where there is none. Not escaped.
 */
export function assessTrust(facts: TrustFacts): string | null {
  const { source, mainModule, remote, uncheckedHosts, exposed } = facts;
  if (source === "piped") return `it was piped into the runtime; ${PUT_IN_A_FILE}`;
  if (source === "data") return `it came as a data: or blob: URL; ${PUT_IN_A_FILE}`;
  const main = mainModule === null ? null : URL.parse(mainModule);
  // First what the program is, then what it imports: the line names what the operator typed, if that is it.
  const modules = [...(main === null || main.protocol === "file:" ? [] : [main]), ...remote.flatMap(parsed)];
  const allowed = allowedOrigins(facts.allowInsecure);
  for (const module of modules) {
    const reason = insecureTransport(module, { isMain: module === main, allowed, uncheckedHosts });
    if (reason !== null) return reason;
  }
  return exposed === null ? null : exposureText(exposed);
}

/**
 * The origins of this machine that may serve code over plain http, by the operator's word. Others in the text are ignored.
 *
 * @param text Origins such as `http://127.0.0.1:8000`, separated by commas or blanks.
 */
export function allowedOrigins(text: string | undefined): ReadonlySet<string> {
  const urls = (text ?? "").split(/[\s,]+/u).flatMap(parsed);
  return new Set(
    urls.filter((url) => url.protocol === "http:" && isLoopback(url.hostname)).map(({ origin }) => origin),
  );
}

function insecureTransport(module: URL, how: {
  readonly isMain: boolean;
  readonly allowed: ReadonlySet<string>;
  readonly uncheckedHosts: readonly string[] | null;
}): string | null {
  const { isMain, allowed, uncheckedHosts } = how;
  const what = isMain ? "it came" : "it imports code";
  switch (module.protocol) {
    case "http:": {
      if (allowed.has(module.origin)) return null;
      const flag = shellQuote(`PARLEY_ALLOW_INSECURE=${module.origin}`);
      const way = isLoopback(module.hostname) ? `to try it all the same, start it with ${flag}` : "use https";
      return `${what} over plain http from ${module.host}; ${way}`;
    }
    case "data:":
    case "blob:":
      return `${what} from a ${module.protocol} URL; ${PUT_IN_A_FILE}`;
    default: {
      const isPackage = PACKAGES.has(module.protocol);
      const from = isPackage ? module.href : module.hostname;
      const unchecked = uncheckedHosts !== null &&
        (isPackage || uncheckedHosts.length === 0 || uncheckedHosts.includes(from));
      return unchecked
        ? `${what} from ${from} with certificate checks off; start it without --unsafely-ignore-certificate-errors`
        : null;
    }
  }
}

function exposureText({ path, reason }: Exposure): string {
  const quoted = shellQuote(path);
  switch (reason) {
    case "world-writable":
      return `every user of this machine can change it, by way of ${path}; set chmod o-w ${quoted}`;
    case "group-writable":
      return `other users can change it, by way of the group of ${path}; set chmod g-w ${quoted}`;
    case "foreign-owner":
      return `another user can change it, as the owner of ${path}; make it yours, or copy the program`;
  }
}

function isLoopback(hostname: string): boolean {
  if (hostname === "localhost") return true;
  const address = parseIpAddress(hostname.replace(/^\[(.*)\]$/, "$1"));
  return address !== null && classifyAddress(address) === "loopback";
}

function parsed(text: string): readonly URL[] {
  const url = URL.parse(text);
  return url === null ? [] : [url];
}
