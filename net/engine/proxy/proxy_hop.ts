/** What a connection through a proxy needs to know of it. */
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";

/** Who the proxy is told it works for. Never shown, logged or stored. */
export interface ProxyCredentials {
  /** User name. */
  readonly username: string;
  /** Password. */
  readonly password: string;
}

/** The proxy, with its own approval. */
export interface ProxyHop {
  /** What it speaks. */
  readonly protocol: "socks5" | "http";
  /** The approval to connect to it. */
  readonly grant: Grant;
  /** Whether it looks the target's name up. */
  readonly remoteDns: boolean;
  /** Credentials, or null. */
  readonly credentials: ProxyCredentials | null;
}

/** What the proxy is asked to connect to: an address, or the name where it decides which machine that is. */
export interface ProxyTarget {
  /** The address, or null. */
  readonly address: IpAddress | null;
  /** The canonical name, sent where `address` is null. */
  readonly name: string;
  /** The port. */
  readonly port: number;
}
