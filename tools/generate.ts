/**
 * Writes the pages that are made from code: docs/errors.md from the error table, docs/permissions.md from the features and the
 * order of decisions, docs/policy.schema.json from the schema of policy files, docs/cli.md from the commands.
 * With `--check` it writes nothing, and fails with the difference when a page is not what it would be.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ERROR_CODES } from "../core/error_codes.ts";
import { formatErrorsPage } from "./errors_page.ts";
import { permissionsPage } from "./permissions_page.ts";
import { formatPolicySchema } from "./policy_schema.ts";
import { type Finding, PROJECT_ROOT, readIfPresent, reportFindings } from "./project.ts";

/** The hook for docs/cli.md: `cli/documentation.ts` exports `cliDocumentation(): string`. */
interface CliDocumentation {
  readonly cliDocumentation: () => string | Promise<string>;
}

async function cliPage(): Promise<string | null> {
  const path = join(PROJECT_ROOT, "cli/documentation.ts");
  if ((await readIfPresent(path)) === null) return null;
  const module = (await import(pathToFileURL(path).href)) as CliDocumentation;
  return await module.cliDocumentation();
}

/**
 * Shows where two texts part.
 *
 * @param before The text as committed.
 * @param after The text as it would be written.
 * @returns Removed lines after `-`, added lines after `+`; at most 40 lines.
 */
export function formatDifference(before: string, after: string): string {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - head && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  const lines = [
    ...old.slice(head, old.length - end).map((line) => `- ${line}`),
    ...fresh.slice(head, fresh.length - end).map((line) => `+ ${line}`),
  ];
  return [`@@ line ${head + 1}`, ...lines.slice(0, 40), ...(lines.length > 40 ? [`... ${lines.length - 40} more`] : [])]
    .join("\n");
}

/**
 * Writes a page, or says how it differs from what it would be.
 *
 * @param path Its path in the project.
 * @param text What it is to say.
 * @param how Whether to compare only, and the task that writes it.
 * @returns The difference, when it was to be compared and there is one.
 */
export async function settlePage(
  path: string,
  text: string,
  { check, task }: { readonly check: boolean; readonly task: string },
): Promise<Finding[]> {
  const present = (await readIfPresent(join(PROJECT_ROOT, path))) ?? "";
  if (present === text) return [];
  if (check) return [{ where: path, message: `run \`deno task ${task}\`\n${formatDifference(present, text)}` }];
  await mkdir(dirname(join(PROJECT_ROOT, path)), { recursive: true });
  await writeFile(join(PROJECT_ROOT, path), text);
  console.log(`wrote ${path}`);
  return [];
}

if (import.meta.main) {
  const how = { check: process.argv.includes("--check"), task: "gen" };
  const findings = await settlePage("docs/errors.md", formatErrorsPage(ERROR_CODES), how);
  findings.push(...(await settlePage("docs/permissions.md", permissionsPage(), how)));
  findings.push(...(await settlePage("docs/policy.schema.json", formatPolicySchema(), how)));
  const commands = await cliPage();
  if (commands !== null) findings.push(...(await settlePage("docs/cli.md", commands, how)));
  process.exitCode = reportFindings("generated pages", findings);
}
