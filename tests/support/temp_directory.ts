/** A directory of a test's own, removed when the test is over. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that exists until it is disposed of. */
export interface TempDirectory extends AsyncDisposable {
  /** Its absolute path. */
  readonly path: string;
}

/**
 * Makes an empty directory.
 *
 * @param name Part of its name, to be recognised by.
 * @returns The directory; everybody may enter it, for servers that give up their privileges.
 */
export async function makeTempDirectory(name: string): Promise<TempDirectory> {
  const path = await mkdtemp(join(tmpdir(), `parley-${name}-`));
  await chmod(path, 0o755);
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
