/** What an attacker's name server says, as a table: the rows of the rebinding lab. */
import { CLIENT, MAIL_SERVER, PRIVATE_SERVER, ROUTER } from "./netns.ts";

/** One trick. */
export interface RebindingCase {
  /** The row's name. */
  readonly name: string;
  /** What the program asks for. */
  readonly host: string;
  /** The name whose addresses change, where that is another: behind aliases, or without the final dot. */
  readonly behind?: string;
  /** The addresses that the name leads to. */
  readonly addresses: readonly string[];
}

/** A public address behind the router, at which nobody is: the harmless part of a mixed answer. */
export const DECOY: string = "198.51.45.99";
/** Where nothing is to be feared. */
export const HONEST_HOST: string = "public.test";
/** A name that does not exist. */
export const ABSENT_HOST: string = "absent.test";
/** A name that a search suffix would make a whole one. */
export const SINGLE_LABEL: string = "internal";
/** A name under `.local` that the name server knows, and must not be asked for. */
export const LOCAL_HOST: string = "trap.local";

/** Aliases, and what they stand for. */
export const CNAMES: readonly (readonly [alias: string, target: string])[] = [
  ["chain.test", "middle.test"],
  ["middle.test", "inner.lan"],
  ["tolocal.test", "localhost"],
];

const MANY = Array.from({ length: 999 }, (_, at) => `198.51.${46 + (at >> 8)}.${at & 255}`);

/** Every trick. */
export const REBINDING_CASES: readonly RebindingCase[] = [
  { name: "private", host: "private.test", addresses: [PRIVATE_SERVER] },
  { name: "loopback", host: "loopback.test", addresses: ["127.0.0.1"] },
  { name: "public and private", host: "mixed.test", addresses: [DECOY, PRIVATE_SERVER] },
  { name: "public A, ULA AAAA", host: "ula.test", addresses: [DECOY, "fd00:7::7"] },
  { name: "public A, link-local AAAA", host: "linklocal.test", addresses: [DECOY, "fe80::7"] },
  { name: "public A, AAAA ::1", host: "loop6.test", addresses: [DECOY, "::1"] },
  { name: "mapped ::ffff:127.0.0.1", host: "mapped.test", addresses: [DECOY, "::ffff:127.0.0.1"] },
  { name: "NAT64 of 127.0.0.1", host: "nat64.test", addresses: ["64:ff9b::7f00:1"] },
  { name: "6to4 of 127.0.0.1", host: "sixtofour.test", addresses: ["2002:7f00:1::1"] },
  { name: "Teredo of 127.0.0.1", host: "teredo.test", addresses: ["2001:0:808:808:0:0:80ff:fffe"] },
  { name: "aliases to an inner name", host: "chain.test", behind: "inner.lan", addresses: [PRIVATE_SERVER] },
  { name: "alias to localhost", host: "tolocal.test", behind: "localhost", addresses: ["127.0.0.1"] },
  { name: "0.0.0.0", host: "zero.test", addresses: ["0.0.0.0"] },
  { name: "metadata 169.254.169.254", host: "metadata.test", addresses: ["169.254.169.254"] },
  { name: "this machine, public IPv4", host: "own.test", addresses: [CLIENT] },
  { name: "this machine, public IPv6", host: "own6.test", addresses: ["2a00:1450:77::1"] },
  { name: "neighbour, public IPv4", host: "onlink.test", addresses: [ROUTER] },
  { name: "neighbour, public IPv6", host: "onlink6.test", addresses: ["2a00:1450:77::2"] },
  { name: "1,000 answers, one private", host: "many.test", addresses: [...MANY, PRIVATE_SERVER] },
  { name: "trailing dot", host: "dotted.test.", behind: "dotted.test", addresses: [PRIVATE_SERVER] },
];

/**
 * What the name server reads.
 *
 * @param stance `honest`: every name leads to the one public server. `hostile`: where the attacker wants.
 */
export function hostsOf(stance: "honest" | "hostile"): string {
  const lines = [
    `${MAIL_SERVER} ${HONEST_HOST}`,
    `${MAIL_SERVER} ${LOCAL_HOST}`,
    // What a search suffix would make of names that are not absolute.
    `${MAIL_SERVER} ${SINGLE_LABEL}.corp.test`,
    `${MAIL_SERVER} ${ABSENT_HOST}.corp.test`,
  ];
  for (const { host, behind, addresses } of REBINDING_CASES) {
    const shown = stance === "honest" ? [MAIL_SERVER] : addresses;
    lines.push(...shown.map((address) => `${address} ${behind ?? host}`));
  }
  return `${lines.join("\n")}\n`;
}
