import assert from "node:assert/strict";
import { isParleyError } from "../../../core/errors.ts";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { test } from "../../../tests/support/harness.ts";
import { type AddressTraits, DestinationTexts } from "./destination_texts.ts";

const ETH0 = Object.freeze({ name: "eth0", address: parseIpAddress("fe80::2%eth0")!, prefixLength: 64 });

function traits(overrides: Partial<AddressTraits> = {}): AddressTraits {
  return { mapsIpv4: true, losesZones: true, interfaces: () => [ETH0], ...overrides };
}

function refuses(texts: DestinationTexts, address: string, code: string): void {
  assert.throws(() => texts.text(address), (error) => isParleyError(error) && error.code === code, address);
}

test("NET-24 a destination is a literal address; nothing else is passed on", () => {
  const texts = new DestinationTexts(4, traits());
  assert.equal(texts.text("192.0.2.7"), "192.0.2.7");
  for (const odd of ["localhost", "example.com", "127.1", "0x7f.1", "2130706433", "", "192.0.2.7 ", "__proto__"]) {
    refuses(texts, odd, "NET_DNS");
  }
});

test("a destination is of the socket's family, or mapped where the runtime wants it so", () => {
  refuses(new DestinationTexts(4, traits()), "2001:db8::1", "NET_UNREACHABLE");
  const six = new DestinationTexts(6, traits());
  assert.equal(six.text("2001:db8::1"), "2001:db8::1");
  assert.equal(six.text("192.0.2.7"), "::ffff:192.0.2.7");
  assert.equal(new DestinationTexts(6, traits({ mapsIpv4: false })).text("192.0.2.7"), "192.0.2.7");
});

test("DS-59 an IPv6 socket sends to no IPv4 group, for which its time to live does not hold", () => {
  const six = new DestinationTexts(6, traits());
  for (const group of ["224.0.0.1", "229.255.255.255", "239.255.255.255"]) refuses(six, group, "NET_UNREACHABLE");
  for (const other of ["223.255.255.255", "240.0.0.1"]) assert.equal(six.text(other), `::ffff:${other}`);
});

test("NET-24 a zone is an interface of this machine, where the runtime would else forget it", () => {
  const six = new DestinationTexts(6, traits());
  assert.equal(six.text("fe80::1%eth0"), "fe80::1%eth0");
  refuses(six, "fe80::1%eth1", "NET_UNREACHABLE");
  refuses(six, "fe80::1%", "NET_DNS");
  assert.equal(new DestinationTexts(6, traits({ losesZones: false })).text("fe80::1%eth1"), "fe80::1%eth1");
});

test("a destination is looked at once, and again after more of them than are remembered", () => {
  let looks = 0;
  const six = new DestinationTexts(6, traits({ interfaces: () => (looks++, [ETH0]) }));
  for (let round = 0; round < 3; round++) six.text("fe80::1%eth0");
  assert.equal(looks, 1);
  for (let index = 0; index < 1024; index++) six.text(`2001:db8::${index.toString(16)}`);
  six.text("fe80::1%eth0");
  assert.equal(looks, 2);
});
