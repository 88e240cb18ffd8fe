/** Certificates as files, which is how servers and the command take them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestIdentity } from "./test_pki.ts";

/** Paths of a certificate and its key. */
export interface IdentityFiles {
  /** PEM certificate. */
  readonly cert: string;
  /** PEM key, readable by its owner only. */
  readonly key: string;
}

/**
 * Writes a certificate and its key.
 *
 * @param directory Where to.
 * @param identity What.
 * @param name Of the files.
 */
export async function writeIdentity(
  directory: string,
  identity: TestIdentity,
  name = "server",
): Promise<IdentityFiles> {
  const files = { cert: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  await writeFile(files.cert, identity.cert);
  await writeFile(files.key, identity.key, { mode: 0o600 });
  return files;
}
