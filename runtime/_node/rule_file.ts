/** The file that learn mode writes: new, the user's alone, and put in its place whole. `node:fs`, synchronously. */
import fs from "node:fs";
import path from "node:path";
import { ParleyError } from "../../core/errors.ts";
import type { RuleFile } from "../../permissions/policy/rule_file_port.ts";
import { writeNewFile } from "./record_directory_file.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { lstatSync, renameSync } = fs;
const { resolve } = path;
const randomUUID = crypto.randomUUID.bind(crypto);

/**
 * Makes the file of one run. Nothing is touched before it is written.
 *
 * @param file Where.
 * @param obstacle Why files cannot be used without asking anybody; null when they can.
 */
export function ruleFile(file: string, obstacle: () => string | null): RuleFile {
  const target = resolve(file);
  let mine = false;
  return Object.freeze({
    write(text: string): void {
      const state = obstacle();
      if (state !== null) throw refusal(file, state);
      // What stood there before may be a policy that counts.
      if (!mine && lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
        throw refusal(file, "it is there already");
      }
      const aside = `${target}.${randomUUID()}.tmp`;
      try {
        writeNewFile(aside, new TextEncoder().encode(text));
        renameSync(aside, target);
        mine = true;
      } catch (cause) {
        throw new ParleyError("CONFIG_INVALID", `Cannot write ${file}`, { cause });
      }
    },
  });
}

function refusal(file: string, state: string): ParleyError {
  return new ParleyError("CONFIG_INVALID", `Cannot write ${file}: ${state}`);
}
