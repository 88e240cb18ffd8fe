/** Folders of an operator's own, with a policy file, and what a program has left in them: remembered answers and the log. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTempDirectory } from "../support/temp_directory.ts";

/** An operator's folders. */
export interface OperatorHome extends AsyncDisposable {
  /** The variables that lead there. */
  readonly env: Readonly<Record<string, string>>;
  /** What was written there, without what is different each time: ids, times, processes and hashes. */
  traces(): Promise<string>;
}

/**
 * Makes the folders.
 *
 * @param rules The rules of the operator's policy file.
 */
export async function makeOperatorHome(rules: readonly unknown[]): Promise<OperatorHome> {
  const temp = await makeTempDirectory("operator");
  const [config, state, runtime] = ["config", "state", "runtime"].map((name) => join(temp.path, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [config, join(config, "parley"), state, runtime]) await mkdir(folder, { mode: 0o700 });
  const policy = join(config, "parley", "policy.json");
  await writeFile(policy, JSON.stringify({ version: 1, audit: "on", rules }), { mode: 0o600 });
  return {
    env: { XDG_CONFIG_HOME: config, XDG_STATE_HOME: state, XDG_RUNTIME_DIR: runtime },
    traces: () => tracesIn(join(state, "parley")),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

async function tracesIn(folder: string): Promise<string> {
  const grants = await readdir(join(folder, "grants")).catch(() => []);
  const files = [...grants.sort().map((name) => join(folder, "grants", name)), join(folder, "audit.jsonl")];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts.join("\n")
    .replaceAll(/"(?:id|run|time|created|policy)":\s*"[^"]*"/g, "")
    .replaceAll(/"(?:pid|timeMs)":\d+/g, "")
    .replaceAll(/[0-9a-f]{64}/g, "HASH");
}
