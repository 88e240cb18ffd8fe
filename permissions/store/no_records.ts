/** The directory of records where there can be none: in private mode, in tests, and on hosts without a place for it. */
import { ParleyError } from "../../core/errors.ts";
import type { RecordDirectory } from "./record_directory_port.ts";

/**
 * Makes a directory that holds nothing and takes nothing.
 *
 * @param obstacle Why, in words for the operator.
 */
export function noRecords(obstacle: string): RecordDirectory {
  return Object.freeze({
    path: null,
    obstacle: () => obstacle,
    nameOf: (key: string) => key,
    load: () => [],
    read: () => null,
    put(): never {
      throw new ParleyError("CONFIG_INVALID", `Cannot remember it: ${obstacle}`);
    },
    remove: () => false,
    touch: () => false,
    watch: () => () => {},
  });
}
