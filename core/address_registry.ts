/**
 * Which addresses are special, as data: the IANA IPv4 and IPv6 Special-Purpose Address Registries (state of October
 * 2025), the multicast and IPv6 address-space registries, and the addresses at which clouds answer with credentials.
 *
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */

/** What kind of place an address names. Only `public` addresses are globally reachable. */
export type AddressClass =
  /** Globally reachable. */
  | "public"
  /** This machine. */
  | "loopback"
  /** A network of the operator's own, or the provider's inner network. */
  | "private"
  /** A neighbour on the same link. */
  | "link-local"
  /** Answers with the credentials of a cloud machine. */
  | "metadata"
  /** A group of machines. */
  | "multicast"
  /** Every machine on the link. */
  | "broadcast"
  /** No address at all, which some systems take for this machine. */
  | "unspecified"
  /** Set aside by a standard, or not assigned. */
  | "reserved";

/** Where an IPv6 address carries IPv4 addresses. Its class is that of the first that is not public, else `otherwise`. */
export interface Embedding {
  /** What it is when all of them are public. */
  readonly otherwise: "public" | "reserved";
  /** The byte at which each begins, and whether its bits are inverted. */
  readonly ipv4: readonly { readonly offset: number; readonly inverted: boolean }[];
}

function embeds(offset: number, ...inverted: number[]): Embedding {
  return {
    otherwise: "reserved",
    ipv4: [{ offset, inverted: false }, ...inverted.map((at) => ({ offset: at, inverted: true }))],
  };
}

/**
 * Block, what it is, and where that is written. The longest prefix that matches counts.
 *
 * Deviation: the anycast addresses of PCP, TURN and SRP count as reserved although the registries call them globally reachable,
 * because what answers there is the nearest router, not a host of the internet.
 */
export const ADDRESS_REGISTRY: readonly (readonly [block: string, is: AddressClass | Embedding, source: string])[] = [
  ["0.0.0.0/0", "public", "whatever no other row names"],
  ["0.0.0.0/8", "reserved", "IPv4 special: This network, RFC 791"],
  ["0.0.0.0/32", "unspecified", "IPv4 special: This host on this network, RFC 1122"],
  ["10.0.0.0/8", "private", "IPv4 special: Private-Use, RFC 1918"],
  ["100.64.0.0/10", "private", "IPv4 special: Shared Address Space, RFC 6598"],
  ["127.0.0.0/8", "loopback", "IPv4 special: Loopback, RFC 1122"],
  ["169.254.0.0/16", "link-local", "IPv4 special: Link Local, RFC 3927"],
  ["172.16.0.0/12", "private", "IPv4 special: Private-Use, RFC 1918"],
  ["192.0.0.0/24", "reserved", "IPv4 special: IETF Protocol Assignments (PCP and TURN anycast too), RFC 6890"],
  ["192.0.2.0/24", "reserved", "IPv4 special: Documentation (TEST-NET-1), RFC 5737"],
  ["192.88.99.0/24", "reserved", "IPv4 special: Deprecated (6to4 Relay Anycast), RFC 7526"],
  ["192.168.0.0/16", "private", "IPv4 special: Private-Use, RFC 1918"],
  ["198.18.0.0/15", "reserved", "IPv4 special: Benchmarking, RFC 2544"],
  ["198.51.100.0/24", "reserved", "IPv4 special: Documentation (TEST-NET-2), RFC 5737"],
  ["203.0.113.0/24", "reserved", "IPv4 special: Documentation (TEST-NET-3), RFC 5737"],
  ["224.0.0.0/4", "multicast", "IPv4 address space: Multicast, RFC 5771"],
  ["240.0.0.0/4", "reserved", "IPv4 special: Reserved, RFC 1112"],
  ["255.255.255.255/32", "broadcast", "IPv4 special: Limited Broadcast, RFC 8190"],

  ["::/0", "reserved", "IPv6 address space: whatever no other row names, RFC 4291"],
  ["::/96", embeds(12), "IPv6 address space: IPv4-compatible (deprecated), RFC 4291"],
  ["::/128", "unspecified", "IPv6 special: Unspecified Address, RFC 4291"],
  ["::1/128", "loopback", "IPv6 special: Loopback Address, RFC 4291"],
  ["::ffff:0:0:0/96", embeds(12), "IPv4-translated (SIIT, obsolete), RFC 2765"],
  // Globally reachable, and what every name has on a network without IPv4 (DNS64, RFC 6147).
  ["64:ff9b::/96", { ...embeds(12), otherwise: "public" }, "IPv6 special: IPv4-IPv6 Translation, RFC 6052"],
  // The local prefix may be split at several lengths (RFC 6052); /96 is the one in use, and no reading makes it public.
  ["64:ff9b:1::/48", embeds(12), "IPv6 special: IPv4-IPv6 Translation (local), RFC 8215"],
  ["100::/64", "reserved", "IPv6 special: Discard-Only Address Block, RFC 6666"],
  ["100:0:0:1::/64", "reserved", "IPv6 special: Dummy IPv6 Prefix, RFC 9780"],
  ["2000::/3", "public", "IPv6 address space: Global Unicast, RFC 4291"],
  ["2001::/23", "reserved", "IPv6 special: IETF Protocol Assignments (anycast too), RFC 2928"],
  ["2001::/32", embeds(4, 12), "IPv6 special: TEREDO, RFC 4380"],
  ["2001:2::/48", "reserved", "IPv6 special: Benchmarking, RFC 5180"],
  ["2001:3::/32", "public", "IPv6 special: AMT (globally reachable), RFC 7450"],
  ["2001:4:112::/48", "public", "IPv6 special: AS112-v6 (globally reachable), RFC 7535"],
  ["2001:10::/28", "reserved", "IPv6 special: Deprecated (ORCHID), RFC 4843"],
  ["2001:20::/28", "public", "IPv6 special: ORCHIDv2 (globally reachable), RFC 7343"],
  ["2001:30::/28", "public", "IPv6 special: Drone Remote ID (globally reachable), RFC 9374"],
  ["2001:db8::/32", "reserved", "IPv6 special: Documentation, RFC 3849"],
  ["2002::/16", embeds(2), "IPv6 special: 6to4, RFC 3056"],
  ["3fff::/20", "reserved", "IPv6 special: Documentation, RFC 9637"],
  ["5f00::/16", "reserved", "IPv6 special: Segment Routing (SRv6) SIDs, RFC 9602"],
  ["fc00::/7", "private", "IPv6 special: Unique-Local, RFC 4193"],
  ["fe80::/10", "link-local", "IPv6 special: Link-Local Unicast, RFC 4291"],
  ["fec0::/10", "private", "IPv6 address space: Site-Local (deprecated), RFC 3879"],
  ["ff00::/8", "multicast", "IPv6 address space: Multicast, RFC 4291"],
];

/** Addresses at which a cloud machine finds its own credentials or settings, and whose they are. */
export const METADATA_ADDRESSES: readonly (readonly [address: string, whose: string])[] = [
  ["169.254.169.254", "Amazon EC2, Azure, Google Cloud, Oracle, DigitalOcean, Hetzner, OpenStack"],
  ["fd00:ec2::254", "Amazon EC2"],
  ["169.254.170.2", "Amazon ECS task credentials"],
  ["169.254.170.23", "Amazon EKS pod identity"],
  ["fd00:ec2::23", "Amazon EKS pod identity"],
  ["168.63.129.16", "Azure host agent"],
  ["fd20:ce::254", "Google Cloud"],
  ["192.0.0.192", "Oracle Cloud Classic"],
  ["fd00:c1::a9fe:a9fe", "Oracle Cloud"],
  ["100.100.100.200", "Alibaba Cloud"],
  ["169.254.0.23", "Tencent Cloud"],
  ["169.254.42.42", "Scaleway"],
  ["fd00:42::42", "Scaleway"],
  ["fe80::a9fe:a9fe", "OpenStack"],
];
