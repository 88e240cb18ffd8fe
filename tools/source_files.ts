/**
 * Which files the project consists of: found by walking the tree, never listed. Every check and the test runner start here,
 * so a new folder takes part in the gate without being entered anywhere.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Folders that hold no source of ours. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", ".git", ".cache", "tmp", "coverage", "testdata"]);

/**
 * Lists every TypeScript file below a folder, tests included.
 *
 * @param root Path of the project.
 * @returns Paths relative to `root`, with `/`, sorted.
 */
export async function listSourceFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) await walk(path);
      } else if (entry.isFile() && entry.name.endsWith(".ts")) {
        found.push(path);
      }
    }
  }
  await walk("");
  return found.sort();
}

/**
 * Whether a file serves tests only: a test, or anything in the tests folder.
 *
 * @param path Path relative to the project.
 */
export function isTestFile(path: string): boolean {
  return path.endsWith("_test.ts") || path.startsWith("tests/");
}

/**
 * Whether a file belongs to what a user of the package gets: neither a test nor something only developers run.
 *
 * @param path Path relative to the project.
 */
export function isShippedFile(path: string): boolean {
  return !isTestFile(path) && !/^(tools|bench|examples|docs)\//.test(path);
}
