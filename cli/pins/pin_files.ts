/** Where pins are kept. */
import type { RecordDirectory, RecordFolder } from "../../permissions/store/record_directory_port.ts";
import { noRecords } from "../../permissions/store/no_records.ts";

/** A runtime, as far as it keeps records. */
export interface RecordsHost {
  /** What outlives the process; null on a host that leaves nothing behind. */
  readonly state: { records(folder: RecordFolder): RecordDirectory } | null;
}

/** The directory of the pins. */
export function pinFiles(host: RecordsHost): RecordDirectory {
  return host.state?.records("pins") ?? noRecords("there is no place for it");
}
