/**
 * The code of a program as far as it stands in local files: hashes of the main module, the lockfile and every local module that
 * is imported by a literal specifier (CON-18), and what is imported from elsewhere (NET-16).
 *
 * A function of the main module's URL and a reader, so that a launcher can do the same before the start.
 */
import type { CodeHash } from "../requester.ts";
import { aliasTargets, type ImportAlias, readImportAliases } from "./import_aliases.ts";
import type { CodeReader } from "./program_port.ts";
import { hashLockfile } from "./project_files.ts";
import { listSpecifiers } from "./specifiers.ts";

/** What was read of a program. */
export interface ProgramCode {
  /** Hash of the main module, or null where it could not be read. */
  readonly mainSha256: string | null;
  /** Hash of the lockfile, or null. */
  readonly lockSha256: string | null;
  /** Every other local module, by URL. */
  readonly modules: readonly CodeHash[];
  /** What is imported from elsewhere: URLs and specifiers such as `npm:name`. */
  readonly remote: readonly string[];
  /** Names of packages that are imported without saying where from. */
  readonly packages: readonly string[];
  /** False when there was more than the limits let be read. */
  readonly complete: boolean;
}

/** How much is read at most. */
export interface ProgramCodeLimits {
  /** Files. */
  readonly files: number;
  /** Bytes of all files together. */
  readonly bytes: number;
}

/** What was not read. */
export const NO_CODE: ProgramCode = Object.freeze({
  __proto__: null as never,
  mainSha256: null,
  lockSha256: null,
  modules: Object.freeze([]),
  remote: Object.freeze([]),
  packages: Object.freeze([]),
  complete: true,
});

/** How much is read of a program before its first request. */
export const PROGRAM_CODE_LIMITS: ProgramCodeLimits = Object.freeze({
  __proto__: null as never,
  files: 2_000,
  bytes: 64 * 1024 * 1024,
});

/** Files looked for, whether they are there or not. */
const MAX_ATTEMPTS = 20_000;
/** Names kept of what is imported from elsewhere. */
const MAX_NAMES = 10_000;
const ELSEWHERE = /^(?:https?|jsr|npm|data|blob):/i;
const SCANNED = /\.(?:[cm]?[jt]s|[jt]sx)$|\/[^/.]*$/;
/** Such a specifier names its file in full, but for JavaScript that TypeScript stands for. */
const EXACT = /\.(?:[cm]?[jt]s|[jt]sx|json|wasm)$/;
/** What Bun, CommonJS and TypeScript try for a specifier that names no file. */
const ENDINGS: readonly string[] = [".ts", ".js", ".tsx", ".mts", ".cts", ".mjs", ".cjs", ".jsx", ".json"];

/**
 * Reads a program.
 *
 * @param roots URLs of the main module, first, and of modules that are loaded with it. Only `file:` URLs are read.
 * @param reader Reads and hashes files.
 * @param limits How much is read at most.
 */
export function readProgramCode(
  roots: readonly string[],
  reader: CodeReader,
  limits: ProgramCodeLimits = PROGRAM_CODE_LIMITS,
): ProgramCode {
  const [main] = roots;
  if (main === undefined || !main.startsWith("file:")) return NO_CODE;
  const walk = new Walk(reader, { aliases: readImportAliases(main, reader), limits });
  for (const root of roots) walk.add(root);
  walk.run();
  const mainUrl = fileOf(main);
  const modules = [...walk.hashes].map(([url, sha256]) => Object.freeze({ url, sha256 }));
  return Object.freeze({
    mainSha256: walk.hashes.get(mainUrl) ?? null,
    lockSha256: hashLockfile(main, reader),
    modules: Object.freeze(modules.filter(({ url }) => url !== mainUrl).sort(byUrl)),
    remote: Object.freeze([...walk.remote]),
    packages: Object.freeze([...walk.packages]),
    complete: walk.complete,
  });
}

class Walk {
  readonly hashes = new Map<string, string>();
  readonly remote = new Set<string>();
  readonly packages = new Set<string>();
  complete = true;
  readonly #reader: CodeReader;
  readonly #aliases: readonly ImportAlias[];
  readonly #seen = new Set<string>();
  readonly #queue: string[] = [];
  readonly #decoder = new TextDecoder();
  #filesLeft: number;
  #bytesLeft: number;

  constructor(
    reader: CodeReader,
    { aliases, limits }: { readonly aliases: readonly ImportAlias[]; readonly limits: ProgramCodeLimits },
  ) {
    this.#reader = reader;
    this.#aliases = aliases;
    this.#filesLeft = limits.files;
    this.#bytesLeft = limits.bytes;
  }

  add(url: string): void {
    if (!url.startsWith("file:")) return;
    const file = fileOf(url);
    if (this.#seen.has(file)) return;
    if (this.#seen.size >= MAX_ATTEMPTS) {
      this.complete = false;
      return;
    }
    this.#seen.add(file);
    this.#queue.push(file);
  }

  run(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#filesLeft <= 0) {
        this.complete = false;
        return;
      }
      this.#visit(next);
    }
  }

  #visit(named: string): void {
    const found = this.#read(named);
    if (found === null) return;
    const { url, bytes } = found;
    if (this.hashes.has(url)) return;
    this.#filesLeft--;
    this.#bytesLeft -= bytes.byteLength;
    this.hashes.set(url, this.#reader.sha256(bytes));
    if (!SCANNED.test(url)) return;
    for (const { text, stated } of listSpecifiers(this.#decoder.decode(bytes))) {
      for (const target of [text, ...aliasTargets(this.#aliases, text)]) this.#follow(target, { stated, from: url });
    }
  }

  /** Reads a file, or what a specifier that is not exact may stand for. */
  #read(named: string): { readonly url: string; readonly bytes: Uint8Array } | null {
    for (const url of candidatesFor(named)) {
      const bytes = this.#reader.read(url, this.#bytesLeft);
      if (bytes === null) continue;
      if (bytes !== "too-large") return { url, bytes };
      this.complete = false;
      return null;
    }
    return null;
  }

  #follow(specifier: string, { stated, from }: { readonly stated: boolean; readonly from: string }): void {
    if (specifier.includes("${")) return;
    if (/^(?:\.{0,2}\/|file:)/i.test(specifier)) {
      const url = URL.parse(specifier, from);
      if (url !== null) this.add(url.href);
    } else if (ELSEWHERE.test(specifier)) {
      if (stated && this.remote.size < MAX_NAMES) this.remote.add(specifier);
    } else {
      const [, name] = /^((?:@[\w.~-]+\/)?[\w.~-]+)(?:\/|$)/.exec(specifier) ?? [];
      if (name !== undefined && this.packages.size < MAX_NAMES) this.packages.add(name);
    }
  }
}

/** The file that is named comes first; the others count only where it is missing. */
function* candidatesFor(url: string): Iterable<string> {
  yield url;
  const typed = url.replace(/\.([cm]?)js(x?)$/, ".$1ts$2");
  if (typed !== url) yield typed;
  if (EXACT.test(url)) return;
  const base = url.replace(/\/$/, "");
  for (const ending of ENDINGS) yield `${base}${ending}`;
  for (const ending of ENDINGS) yield `${base}/index${ending}`;
}

/** The file of a module's URL: a query makes another module of the same file. */
function fileOf(url: string): string {
  const file = new URL(url);
  file.search = "";
  file.hash = "";
  return file.href;
}

function byUrl(a: CodeHash, b: CodeHash): number {
  return a.url < b.url ? -1 : a.url > b.url ? 1 : 0;
}
