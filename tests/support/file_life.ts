/** What lives as long as a test file: servers that all its tests share. */
import { RUNTIME } from "./harness.ts";

/**
 * Runs something after the last test of this file, whether or not the tests passed. Called at the top of a test file.
 *
 * @param body What to do.
 */
export async function afterFile(body: () => Promise<void>): Promise<void> {
  if (RUNTIME === "deno") return Deno.test.afterAll(body);
  if (RUNTIME === "bun") {
    const specifier = "bun:test";
    const { afterAll } = await import(specifier);
    return afterAll(body);
  }
  const { after } = await import("node:test");
  after(body);
}
