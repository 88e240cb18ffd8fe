/**
 * Finds what a module imports, without parsing it. What is found may be too much (text in comments and strings counts), never
 * too little for specifiers written as literals: a file hashed in vain costs a question, a file left out could change unseen.
 */

/** One specifier in a module's text. */
export interface Specifier {
  /** The text between the quotes. */
  readonly text: string;
  /** Whether it stands where a statement or a call does, as far as its line tells: not in a comment, not in a string. */
  readonly stated: boolean;
}

/** White space and comments, each bounded, so that no text makes the search slow. */
const GAP = String.raw`(?:\s|\(|/\*(?:[^*]|\*(?!/)){0,400}\*/|//[^\n]{0,400}\n){0,40}`;
const QUOTED = "([\"'`])([^\"'`\\n\\r]{1,1024})\\1";
const IMPORTED = new RegExp(String.raw`\b(?:from|import|require)\b${GAP}${QUOTED}`, "g");
/** A module that a Worker is made of, or that is imported by a URL: `new URL("./worker.ts", import.meta.url)`. */
const BY_URL = /\bnew\s+URL\s*\(\s*(["'`])([^"'`\n\r]{1,1024})\1\s*,\s*import\s*\.\s*meta\b/g;
/** Characters of a line that are looked at before what it names; lines of generated code may be very long. */
const LINE_SEEN = 500;
const CODE = /\.(?:[cm]?[jt]s|[jt]sx|wasm)(?:[?#].*)?$/;

/**
 * Lists what a module's text imports by literal specifiers: statements, `import()`, `require()`, and code named by
 * `new URL(…, import.meta.url)`.
 *
 * @param text The module.
 */
export function listSpecifiers(text: string): readonly Specifier[] {
  const found: Specifier[] = [];
  for (const match of text.matchAll(IMPORTED)) {
    found.push({ text: match[2] ?? "", stated: isStated(text, match.index, match[0]) });
  }
  for (const { 2: specifier = "" } of text.matchAll(BY_URL)) {
    if (CODE.test(specifier)) found.push({ text: specifier, stated: false });
  }
  return found;
}

function isStated(text: string, at: number, matched: string): boolean {
  const near = text.slice(Math.max(0, at - LINE_SEEN), at);
  const before = near.slice(near.lastIndexOf("\n") + 1);
  if (/^\s*(?:\*|\/\*)/.test(before) || /(?:^|[^:])\/\//.test(before)) return false;
  // A call stands anywhere; a statement begins its line, or ends one that began further up.
  if (/^(?:import|require)\s*\(/.test(matched)) return !/["'`]/.test(before);
  return /(?:^|;)\s*(?:$|import\b[^;"'`]*$|export\b[^;"'`]*$|\}[^;"'`]*$|[\w$*,{} ]+$)/.test(before);
}
