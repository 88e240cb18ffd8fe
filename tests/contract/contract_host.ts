/**
 * What the contract suites need beside a back end: servers for it to talk to. A server's behaviour is written once,
 * over a `ByteLink`; a host only has to accept connections and hand them over.
 */
import type { IpAddress } from "../../core/ip_address.ts";
import type { ByteLink, NetBackend } from "../../net/port.ts";

/** What a server does with a connection. The connection is closed when it resolves and broken off when it rejects. */
export type ContractService = (link: ByteLink) => Promise<void>;

/** A running server. */
export interface ContractServer {
  /** Where it listens. */
  readonly address: IpAddress;
  /** The port. */
  readonly port: number;
  /** Stops listening, and breaks off what is still open. */
  stop(): Promise<void>;
}

/** What a back end cannot do beyond the port's own gaps; asserted both ways. */
export interface ContractTraits {
  /** Whether descriptors and socket options exist in the system, to be counted and looked at. */
  readonly realSockets: boolean;
  /** Whether the program can go on writing after the far end's close_notify. */
  readonly writesAfterCloseNotify: boolean;
  /** Whether the hop limit of IPv6 groups can be set, and their sources be chosen. */
  readonly ipv6Multicast: boolean;
}

/** A back end and a network around it. */
export interface ContractHost {
  /** The back end under test. */
  readonly net: NetBackend;
  /** What is special about it. */
  readonly traits: ContractTraits;
  /** Serves on a free port. */
  listen(service: ContractService): Promise<ContractServer>;
}
