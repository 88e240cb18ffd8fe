/** Makes docs/errors.md from the error table. */

/** What the page says of one code. */
export interface ErrorsPageRow {
  /** What happened. */
  readonly meaning: string;
  /** What can be done about it. */
  readonly remedy: string;
  /** Exit status of the command. */
  readonly exit: number;
}

/** What the areas before the underscore stand for, in the order of the page. */
const AREAS: ReadonlyMap<string, string> = new Map([
  ["ARG", "Arguments"],
  ["DEST", "Destinations"],
  ["PERM", "Permissions"],
  ["NET", "Network"],
  ["TLS", "TLS"],
  ["TTY", "Terminal"],
  ["DATA", "Data"],
  ["CONFIG", "Settings"],
  ["RUNTIME", "Runtimes"],
  ["INTERNAL", "Bugs"],
]);

const HEAD = `<!-- Made from core/error_codes.ts by \`deno task gen\`. Do not edit. -->

# Errors

Every failure inside Parley is a \`ParleyError\` with one of these codes in \`code\`; its \`remedy\` is the third column. An interface
that follows a specification throws what that specification names instead, with the \`ParleyError\` as \`cause\` where it has one.
The exit status is that of the \`parley\` command.
`;

function cell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s*\n\s*/g, " ");
}

function section(title: string, rows: readonly (readonly [string, ErrorsPageRow])[]): string {
  const lines = rows.map(([code, row]) =>
    `| <a id="${code.toLowerCase()}"></a>\`${code}\` | ${cell(row.meaning)} | ${cell(row.remedy)} | ${row.exit} |`
  );
  return [
    `## ${title}`,
    "",
    "| code | what happened | what you can do | exit |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

/**
 * Makes the page.
 *
 * @param table The codes.
 * @returns Markdown.
 */
export function formatErrorsPage(table: Readonly<Record<string, ErrorsPageRow>>): string {
  const groups = new Map<string, [string, ErrorsPageRow][]>([...AREAS.keys()].map((area) => [area, []]));
  for (const code of Object.keys(table).sort()) {
    const row = table[code];
    const area = code.slice(0, code.indexOf("_"));
    if (row !== undefined) groups.set(area, [...(groups.get(area) ?? []), [code, row]]);
  }
  const sections = [...groups].filter(([, rows]) => rows.length > 0)
    .map(([area, rows]) => section(AREAS.get(area) ?? area, rows));
  return [HEAD, ...sections].join("\n");
}
