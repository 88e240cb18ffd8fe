/** Properties of the address defence, over generated answers, networks and messages. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isParleyError } from "../../core/errors.ts";
import { canonicalHost } from "../../core/host.ts";
import {
  type AddressBlock,
  addressBytes,
  classifyAddress,
  type IpAddress,
  parseAddressBlock,
  parseIpAddress,
} from "../../core/ip_address.ts";
import { type AddressQuestion, encodeQuestion, readAnswers, wireName } from "../../net/engine/mdns/address_message.ts";
import { type OwnAddress, vetAddresses } from "../../permissions/vetting.ts";
import { test } from "../support/harness.ts";

const RUNS = { numRuns: 2_000 };
const byte = fc.integer({ min: 0, max: 255 });
/** Addresses near each other, so that neighbours are frequent. */
const ipv4 = fc.tuple(fc.constantFrom(9, 10, 127, 169, 192, 203, 224), fc.constantFrom(0, 168, 254), byte, byte)
  .map((parts) => parts.join("."));
const group = fc.constantFrom("0", "1", "2a00", "fe80", "fd00", "2002", "64", "ff9b", "7f00", "ffff");
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":"));
const publicIpv4 = fc.tuple(fc.constantFrom(9, 203), fc.constantFrom(0, 168), byte, byte).map((parts) =>
  parts.join(".")
);
const address = fc.oneof(ipv4, ipv6, publicIpv4).map((text) => parseIpAddress(text) as IpAddress);
const ownAddress: fc.Arbitrary<OwnAddress> = fc.record({ address, bits: fc.integer({ min: 0, max: 128 }) })
  .map(({ address, bits }) => ({ address, prefixLength: address.family === 4 ? bits >> 2 : bits }));
const own = fc.array(ownAddress, { maxLength: 4 });
const answer = fc.array(address, { minLength: 1, maxLength: 3 });
const NAME = canonicalHost("name.example");

/** Bits as text: another way than the code's. */
function bits(of: IpAddress): string {
  return addressBytes(of).map((part) => part.toString(2).padStart(8, "0")).join("");
}

function isNear(one: IpAddress, { address: other, prefixLength }: OwnAddress): boolean {
  if (one.family !== other.family) return false;
  return one.text === other.text || (prefixLength > 0 && bits(one).startsWith(bits(other).slice(0, prefixLength)));
}

function passes(
  addresses: readonly IpAddress[],
  near: readonly OwnAddress[],
  blocks: readonly AddressBlock[],
): boolean {
  try {
    vetAddresses(NAME, addresses, { own: near, byMulticast: false, blocks });
    return true;
  } catch (error) {
    assert.ok(isParleyError(error, "PERM_ADDRESS"), String(error));
    return false;
  }
}

test("NET-14 an answer passes exactly if every address of it is public and neither own nor on-link", () => {
  let refusedNear = 0;
  fc.assert(
    fc.property(answer, own, (addresses, near) => {
      const fine = addresses.every((one) =>
        classifyAddress(one) === "public" && !near.some((entry) => isNear(one, entry))
      );
      if (!fine && addresses.every((one) => classifyAddress(one) === "public")) refusedNear++;
      assert.equal(passes(addresses, near, []), fine);
    }),
    RUNS,
  );
  assert.ok(refusedNear > 10, "hardly any neighbour was generated");
});

test("NET-14 what more addresses are in an answer, the less it passes; their order plays no part", () => {
  fc.assert(
    fc.property(answer, answer, own, (some, more, near) => {
      const whole = passes([...some, ...more], near, []);
      assert.equal(passes([...more, ...some], near, []), whole);
      assert.equal(whole, passes(some, near, []) && passes(more, near, []));
    }),
    RUNS,
  );
});

test("NET-14 a rule's blocks add what lies in them, and take nothing away", () => {
  const block = fc.constantFrom(
    "10.0.0.0/8",
    "192.168.0.0/24",
    "127.0.0.0/8",
    "fd00::/8",
    "2a00::/16",
    "0.0.0.0/0",
    "::/0",
  );
  fc.assert(
    fc.property(address, own, block, (one, near, text) => {
      const parsed = parseAddressBlock(text) as AddressBlock;
      const added = passes([one], near, [parsed]);
      if (passes([one], near, [])) return assert.ok(added);
      const inside = parsed.family === one.family &&
        bits(one).startsWith(bits(parsed.base).slice(0, parsed.prefixLength));
      const never = ["metadata", "multicast", "broadcast", "unspecified"].includes(classifyAddress(one));
      assert.equal(added, inside && !never);
    }),
    RUNS,
  );
});

const WIRE = wireName("printer.local") as Uint8Array;
const QUESTIONS: readonly AddressQuestion[] = [
  { id: 0x1234, name: WIRE, family: 4 },
  { id: 0x1235, name: WIRE, family: 6 },
];

test("NET-29 whatever neighbours send, reading it neither throws nor takes long, and gives plain addresses", () => {
  const noise = fc.uint8Array({ maxLength: 600 });
  const head = fc.constantFrom([0x12, 0x34, 0x84, 0], [0x12, 0x35, 0x80, 0]);
  const counts = fc.array(fc.constantFrom(0, 1, 2, 255), { minLength: 8, maxLength: 8 });
  // Pieces of real messages, in any order: names, pointers, records.
  const piece = fc.constantFrom<readonly number[]>(
    [...WIRE],
    [0xc0, 12],
    [0xc0, 0],
    [0xff, 0xff],
    [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1],
    [0, 28, 0x80, 1, 0, 0, 0, 9, 0, 16, ...new Array(16).fill(1)],
    [0, 1, 0, 1],
    [63],
  );
  const pieces = fc.array(piece, { maxLength: 30 }).map((all) => Uint8Array.from(all.flat()));
  const message = fc.tuple(head, counts, fc.oneof(noise, pieces)).map(([first, middle, rest]) =>
    Uint8Array.from([...first, ...middle, ...rest])
  );
  fc.assert(
    fc.property(fc.oneof(noise, message), (bytes) => {
      for (const one of readAnswers(bytes, QUESTIONS)) {
        assert.equal(one.zone, null);
        assert.equal(parseIpAddress(one.text)?.text, one.text);
      }
    }),
    RUNS,
  );
  const started = performance.now();
  // As many records as a datagram holds, all pointing back as far and as often as they can.
  const chain = Uint8Array.from(
    { length: 65_000 },
    (_, at) => at < 12 ? [0x12, 0x34, 0x84, 0, 0, 0, 0xff, 0xff][at] ?? 0 : at % 2 ? at >> 1 & 0xff : 0xc0,
  );
  readAnswers(chain, QUESTIONS);
  assert.ok(performance.now() - started < 1_000);
});

test("NET-29 an answer to what was asked is read, whatever is between", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 3 }), (data, others) => {
      const question = encodeQuestion(QUESTIONS[0] as AddressQuestion).slice(12);
      const other = [3, 0x61, 0x62, 0x63, 0, 0, 16, 0, 1, 0, 0, 0, 1, 0, 2, 1, 0x78];
      const bytes = Uint8Array.from([
        ...[0x12, 0x34, 0x84, 0, 0, 1, 0, others + 1, 0, 0, 0, 0],
        ...question,
        ...new Array(others).fill(other).flat(),
        ...[0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 9, 0, 4, ...data],
      ]);
      assert.deepEqual(readAnswers(bytes, QUESTIONS).map(({ text }) => text), [data.join(".")]);
    }),
    { numRuns: 300 },
  );
});
