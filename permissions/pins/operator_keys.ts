/** The operator's keys for the programs of a process: the pins on file, and questions by the broker. */
import type { Clock } from "../../core/clock.ts";
import type { RecordDirectory, RecordFolder } from "../store/record_directory_port.ts";
import { noRecords } from "../store/no_records.ts";
import { KeyKeeper, type KeyKeeperInit } from "./key_keeper.ts";
import type { PeerKeys } from "./peer_keys_port.ts";
import { PinStore } from "./pin_store.ts";

/** What keys need of a runtime. */
export interface KeysHost {
  /** What outlives the process; null on a host that leaves nothing behind. */
  readonly state: { records(folder: RecordFolder): RecordDirectory } | null;
  /** Time. */
  readonly clock: Clock;
  /** Writes one line for the operator, already escaped. */
  report(line: string): void;
}

/**
 * Puts the keys of a process together.
 *
 * @param host The runtime.
 * @param ask Puts a question about a key: the broker's `askKey`.
 */
export function operatorKeys(host: KeysHost, ask: KeyKeeperInit["ask"]): PeerKeys {
  const records = host.state?.records("pins") ?? noRecords("there is no place for it");
  return new KeyKeeper({ store: new PinStore(records, host.clock), ask, report: (line) => host.report(line) });
}
