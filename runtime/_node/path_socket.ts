/**
 * Listening on a path of the file system so that only the owner can connect, nothing that is there is touched, and nothing
 * but our own socket is removed.
 *
 * The socket is made in a directory of its own that nobody else may enter, given mode 0600, and only then linked to its
 * path, which fails if anything is there. The runtimes all remove the path they were given when they stop to listen, whatever is
 * there by then; that is the one in the directory, which is gone.
 */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import { type FailureContext, listenError } from "./listen_error.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { chmodSync, linkSync, lstatSync, mkdtempSync, rmdirSync, unlinkSync } = fs;
const dirname = path.dirname;

/** The system's limit for the path of a socket, on Linux. */
const MAX_PATH_BYTES = 107;

/** How a runtime listens on a path. */
export interface PathBinding<T> extends FailureContext {
  /** Starts to listen on a path. */
  readonly bind: (path: string) => T | Promise<T>;
  /** Stops again, after a failure. */
  readonly unbind: (listener: T) => void;
}

/** A listener on a path. */
export interface BoundPath<T> {
  /** What `bind` gave. */
  readonly listener: T;
  /** Removes the path if it is still this socket's. To be called before the listener stops. Never throws. */
  readonly remove: () => void;
}

/**
 * Listens on a path.
 *
 * @param target An absolute path where nothing is, in a directory that the process may write.
 * @param binding How the runtime does it.
 * @throws {ParleyError} `NET_IN_USE` when something is there, `NET_OS_DENIED` or `NET_FAILED`.
 */
export async function bindPath<T>(target: string, binding: PathBinding<T>): Promise<BoundPath<T>> {
  try {
    refuseLong(target, binding.doing);
    const directory = mkdtempSync(`${dirname(target)}/.`);
    const inner = `${directory}/s`;
    try {
      refuseLong(inner, binding.doing);
      const listener = await binding.bind(inner);
      try {
        return { listener, remove: publish(inner, target) };
      } catch (error) {
        binding.unbind(listener);
        throw error;
      }
    } finally {
      quietly(() => unlinkSync(inner));
      quietly(() => rmdirSync(directory));
    }
  } catch (error) {
    throw listenError(error, binding);
  }
}

/** Gives the socket its mode and then its path; the way to remove that is returned. */
function publish(inner: string, target: string): () => void {
  chmodSync(inner, 0o600);
  const made = fileOf(inner);
  linkSync(inner, target);
  return () =>
    quietly(() => {
      const there = fileOf(target);
      // While the socket is open its number belongs to no other file.
      if (there.dev === made.dev && there.ino === made.ino) unlinkSync(target);
    });
}

function fileOf(file: string): { readonly dev: bigint; readonly ino: bigint } {
  return lstatSync(file, { bigint: true, throwIfNoEntry: true });
}

/** Some systems cut a path that is too long, without a word. */
function refuseLong(file: string, doing: string): void {
  const excess = Buffer.byteLength(file) - MAX_PATH_BYTES;
  if (excess > 0) throw new ParleyError("NET_FAILED", `Cannot ${doing}: the path is ${excess} bytes too long`);
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // What is gone need not be removed.
  }
}
