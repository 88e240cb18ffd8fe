/**
 * Where policies stand (CON-15): the managed directory, what launch flags, a variable of the initial environment or a systemd
 * credential name, and the operator's own file. Never the working directory, and nothing that a `.env` file says.
 */
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Clock } from "../../core/clock.ts";
import type { PolicyFiles, PolicyFileText } from "../../permissions/policy/policy_files_port.ts";
import { readChecked } from "./policy_files_open.ts";
import { PolicyFilesWatch } from "./policy_files_watch.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { accessSync, constants, lstatSync, readdirSync } = fs;
const { dirname, isAbsolute, join, resolve } = path;

const MANAGED_DIRECTORY = "/etc/parley/policies/managed";
/** More files than this in the managed directory are a mistake. */
const MAX_FILES = 256;
const NO_OWNERS = process.platform === "win32";

/** What a runtime knows about its launch. */
export interface PolicyFilesInit {
  /** Files of `--policy` flags, in their order. */
  readonly flagFiles: readonly string[];
  /** Time, for the looks between what the system tells. */
  readonly clock: Clock;
  /** A variable as it stood in the environment the process started with. */
  initialEnv(name: string): string | undefined;
  /** Whether the runtime's own permissions let a path be looked at, found out without prompting. */
  mayRead(path: string): boolean;
  /** The user of this process, or null where the runtime's own permissions hide it. */
  uid(): number | null;
  /** Where managed files stand; for tests. Default `/etc/parley/policies/managed`. */
  readonly managedDirectory?: string;
}

type Author = PolicyFileText["author"];

/** One place to look at. */
interface Place {
  readonly author: Author;
  readonly path: string;
  /** Whether somebody named it, so that its absence is a mistake. */
  readonly named: boolean;
}

/**
 * The files that decide, by `node:fs`.
 *
 * @param init What the runtime knows about its launch.
 */
export function nodePolicyFiles(init: PolicyFilesInit): PolicyFiles {
  return new NodePolicyFiles(init);
}

class NodePolicyFiles implements PolicyFiles {
  readonly #init: PolicyFilesInit;
  readonly #managed: string;
  readonly #places: readonly Place[];
  /** What the files looked like when they were last read. */
  #read = "";

  constructor(init: PolicyFilesInit) {
    this.#init = Object.freeze({ __proto__: null as never, ...init });
    this.#managed = this.#init.managedDirectory ?? MANAGED_DIRECTORY;
    this.#places = [...flagPlaces(this.#init), ...operatorPlaces(this.#init)];
  }

  read(): readonly PolicyFileText[] {
    // Taken first: what changes while the files are read is found at the next look.
    this.#read = this.#fingerprint();
    const managed = this.#managedFiles();
    const found = managed.places.concat(this.#places).flatMap((place) => this.#readPlace(place) ?? []);
    return Object.freeze([...managed.problems, ...found]);
  }

  watch(callback: () => void): () => void {
    const { clock, mayRead } = this.#init;
    const files = this.#places.map((place) => place.path).filter((file) => isAbsolute(file));
    const terms = {
      directories: [this.#managed],
      files,
      clock,
      mayRead: (file: string) => mayRead(file),
      fingerprint: () => this.#fingerprint(),
    };
    const watching = new PolicyFilesWatch(terms, this.#read, callback);
    return () => watching.close();
  }

  writable(): boolean {
    const uid = NO_OWNERS ? null : this.#init.uid();
    if (uid === 0) return true;
    // To find out, Deno would ask whose process this is, and the operator whether it may.
    if (uid === null) return false;
    const files = this.#managedFiles().places.map((place) => place.path);
    return [...files, nearestExisting(this.#managed, this.#init)].some((file) => this.#mayWrite(file));
  }

  #mayWrite(file: string): boolean {
    if (!this.#init.mayRead(file)) return false;
    try {
      accessSync(file, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  #managedFiles(): { readonly places: Place[]; readonly problems: readonly PolicyFileText[] } {
    const path = this.#managed;
    if (NO_OWNERS || !this.#init.mayRead(path)) return { places: [], problems: [] };
    try {
      const names = readdirSync(path).filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort();
      const problem = `it has more than ${MAX_FILES} files`;
      if (names.length > MAX_FILES) return { places: [], problems: [{ author: "managed", path, problem }] };
      const places = names.map((name): Place => ({ author: "managed", path: join(path, name), named: false }));
      return { places, problems: [] };
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code === "ENOENT") return { places: [], problems: [] };
      return { places: [], problems: [{ author: "managed", path, problem: `it cannot be read (${String(code)})` }] };
    }
  }

  #readPlace({ author, path, named }: Place): PolicyFileText | null {
    const problem = (text: string): PolicyFileText => Object.freeze({ author, path, problem: text });
    if (!isAbsolute(path)) return problem("it is not an absolute path");
    if (NO_OWNERS) return named ? problem("this system has no owners of files") : null;
    const { mayRead, uid } = this.#init;
    const terms = { uid: uid(), systemOnly: author === "managed", mayRead: (file: string) => mayRead(file) };
    const file = readChecked(path, terms);
    switch (file.kind) {
      case "text":
        return Object.freeze({ author, path, text: file.text });
      case "problem":
        return problem(file.problem);
      case "absent":
        return named ? problem("it is not there") : null;
      case "hidden":
        return named ? problem("Deno may not read it (--allow-read)") : null;
    }
  }

  /** Inode, size, times, owner and mode of everything that is read. */
  #fingerprint(): string {
    const managed = this.#managedFiles().places.map((place) => place.path);
    const all = [this.#managed, ...managed, ...this.#places.map((place) => place.path)];
    return all.map((file) => `${file} ${this.#look(file)}`).join("\n");
  }

  #look(file: string): string {
    if (!isAbsolute(file) || !this.#init.mayRead(file)) return "";
    try {
      const { ino, size, mtimeMs, ctimeMs, uid, mode } = lstatSync(file);
      return [ino, size, mtimeMs, ctimeMs, uid, mode].join(" ");
    } catch {
      return "";
    }
  }
}

function flagPlaces({ flagFiles, initialEnv }: PolicyFilesInit): Place[] {
  const places = flagFiles.map((file): Place => ({ author: "flag", path: resolve(file), named: true }));
  const variable = initialEnv("PARLEY_POLICY");
  // Relative, it would mean whatever stands in the working directory.
  if (variable !== undefined && variable !== "") places.push({ author: "flag", path: variable, named: true });
  const credentials = initialEnv("CREDENTIALS_DIRECTORY");
  if (credentials !== undefined && isAbsolute(credentials)) {
    places.push({ author: "flag", path: join(credentials, "parley-policy"), named: false });
  }
  const paths = places.map((place) => place.path);
  return places.filter((place, index) => paths.indexOf(place.path) === index);
}

function operatorPlaces({ initialEnv }: PolicyFilesInit): Place[] {
  const base = initialEnv("XDG_CONFIG_HOME");
  const home = initialEnv("HOME");
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  const config = base !== undefined && isAbsolute(base)
    ? base
    : home !== undefined && isAbsolute(home)
    ? join(home, ".config")
    : null;
  return config === null ? [] : [{ author: "operator", path: join(config, "parley", "policy.json"), named: false }];
}

/** The path itself, or the lowest directory above it that there is: there the path could be made. */
function nearestExisting(path: string, { mayRead }: PolicyFilesInit): string {
  for (let here = path;; here = dirname(here)) {
    if (dirname(here) === here) return here;
    try {
      if (mayRead(here)) {
        lstatSync(here);
        return here;
      }
    } catch {
      // Not there.
    }
  }
}
