/** Facts about this checkout that several tools need. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Path of the project, without a slash at the end. */
export const PROJECT_ROOT: string = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The public entries of the package, relative to the project. */
export const ENTRIES: readonly string[] = [
  "mod.ts",
  "net/mod.ts",
  "net/direct_sockets.ts",
  "net/wintertc.ts",
  "net/node.ts",
  "permissions/mod.ts",
  "testing.ts",
];

/** Something a check has to complain about. */
export interface Finding {
  /** `file:line`, or the file alone. */
  readonly where: string;
  /** Which rule, and what to do. */
  readonly message: string;
}

/**
 * Prints findings and the verdict.
 *
 * @param check Name of the check.
 * @param findings What was found.
 * @returns Exit status: 1 when there are findings.
 */
export function reportFindings(check: string, findings: readonly Finding[]): number {
  for (const { where, message } of findings) console.error(`${where}: ${message}`);
  console.log(findings.length === 0 ? `${check}: nothing found` : `${check}: ${findings.length} found`);
  return findings.length === 0 ? 0 : 1;
}

/**
 * Reads a text file, or null when it is absent.
 *
 * @param path Path of the file.
 */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}
