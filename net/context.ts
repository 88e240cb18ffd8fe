/** What a face works with: the engine's host, the broker, and the requester it acts for. */
import type { Broker } from "../permissions/broker.ts";
import type { PeerKeys } from "../permissions/pins/peer_keys_port.ts";
import type { Lifetime } from "../permissions/prompter.ts";
import type { Requester } from "../permissions/requester.ts";
import type { EngineHost } from "./engine/engine_host.ts";

/** Everything a face needs to serve one requester. */
export interface NetContext {
  /** Network and time. */
  readonly engine: EngineHost;
  /** Who decides. */
  readonly broker: Broker;
  /** Whom the face acts for. */
  readonly requester: Requester;
  /** The durations that questions offer; null for both. A command that makes one connection offers `once` only. */
  readonly lifetimes: readonly Lifetime[] | null;
  /** The program's own words on why it asks, shown as its claim; or null. */
  readonly claim: string | null;
  /** The operator's keys of far ends (CON-05); none by default, and then nobody is asked about one. */
  readonly keys?: PeerKeys | null;
  /** Tells the operator one line, already escaped. */
  report(line: string): void;
}

/** How a face gets its context: late, so that importing Parley opens and reads nothing. */
export type NetContextSource = () => Promise<NetContext>;
