/** A test file with real servers: what it needs, what is started once for it, and the tests that use it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DebianPackage, missingPackage } from "../support/debian_package.ts";
import { afterFile } from "../support/file_life.ts";
import { test } from "../support/harness.ts";
import { type IdentityFiles, writeIdentity } from "../support/server_identity.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { type TestPki, testPki } from "../support/test_pki.ts";

/** What every peer test has. */
export interface PeerContext {
  /** Certificates. */
  readonly pki: TestPki;
  /** Path of the authority that signed the servers' certificates, PEM. */
  readonly caFile: string;
  /** Paths of a client certificate and its key. */
  readonly client: IdentityFiles;
}

/** Registers one test; it is skipped with the reason where a package is missing. */
export type PeerTest<T> = (title: string, body: (peers: T & PeerContext) => Promise<void>) => void;

/**
 * Starts the servers of a test file, once, and stops them after its last test.
 *
 * @param needs Debian packages without which the file's tests are skipped.
 * @param start Starts the servers; what it puts on the stack is disposed of in the end.
 * @param options `skip`: another reason to skip the tests, or null.
 * @returns What registers the tests.
 */
export async function peerSuite<T>(
  needs: readonly DebianPackage[],
  start: (stack: AsyncDisposableStack, context: PeerContext) => Promise<T>,
  options: { readonly skip?: string | null } = {},
): Promise<PeerTest<T>> {
  const missing = options.skip ?? missingPackage("openssl", ...needs);
  const peers = missing === null ? await startForFile(start) : null;
  return (title, body) =>
    test(title, async () => {
      if (peers !== null) await body(peers);
    }, { skip: missing });
}

async function startForFile<T>(
  start: (stack: AsyncDisposableStack, context: PeerContext) => Promise<T>,
): Promise<T & PeerContext> {
  await using building = new AsyncDisposableStack();
  const context = await makeContext(building);
  const peers = { ...context, ...await start(building, context) };
  const stack = building.move();
  await afterFile(() => stack.disposeAsync());
  return peers;
}

async function makeContext(stack: AsyncDisposableStack): Promise<PeerContext> {
  const pki = testPki();
  const { path } = stack.use(await makeTempDirectory("peers"));
  const caFile = join(path, "ca.crt");
  await writeFile(caFile, pki.ca);
  return { pki, caFile, client: await writeIdentity(path, pki.client, "client") };
}
