/** A managed policy for one program alone: in a mount namespace, where a directory of the test lies over /etc. Linux, as root. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { makeTempDirectory } from "../../support/temp_directory.ts";
import type { ConsentStage, StartOptions } from "./consent_stage.ts";

const MANAGED = "parley/policies/managed";
const UNSHARE = "/usr/bin/unshare";
/** Two lower layers and no upper one: nothing can be written there, and nothing of it reaches the machine. */
const OVER_ETC = 'mount -t overlay overlay -o "ro,lowerdir=$0:/etc" /etc && exec "$@"';

/** Why there can be no such namespace here, or null. */
export async function managedMissing(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "a managed policy can be put in place by root only";
  await using layer = await makeTempDirectory("layer");
  try {
    await putManaged(layer.path, {});
    execFileSync(UNSHARE, ["--mount", "sh", "-c", OVER_ETC, layer.path, "test", "-e", `/etc/${MANAGED}/test.json`], {
      stdio: "ignore",
    });
    return null;
  } catch {
    return "no directory can be laid over /etc in a mount namespace";
  }
}

/**
 * Starts programs where a managed policy holds.
 *
 * @param stage The stage; the policy stands in its directory.
 * @param policy The policy, without its version.
 */
export async function managedBy(
  stage: ConsentStage,
  policy: Readonly<Record<string, unknown>>,
): Promise<Required<Pick<StartOptions, "within">>> {
  const layer = stage.path("etc");
  await putManaged(layer, policy);
  return { within: (argv) => [UNSHARE, "--mount", "sh", "-c", OVER_ETC, layer, ...argv] };
}

async function putManaged(layer: string, policy: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(layer, MANAGED, "test.json");
  await mkdir(dirname(file), { recursive: true });
  // What lies on top gives /etc its mode.
  await chmod(layer, 0o755);
  await writeFile(file, JSON.stringify({ version: 1, ...policy }), { mode: 0o644 });
}
