import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { blockContains, parseAddressBlock, parseIpAddress } from "../../core/ip_address.ts";
import { test } from "../../tests/support/harness.ts";
import { interfaceAddresses } from "./interfaces.ts";

const KERNEL_LIST = "/proc/net/if_inet6";

test("NET-14 the interfaces are listed with names, addresses and prefixes", () => {
  const loopback = interfaceAddresses().find(({ address }) => address.text === "127.0.0.1");
  assert.deepEqual({ name: loopback?.name, prefixLength: loopback?.prefixLength }, { name: "lo", prefixLength: 8 });
});

test("NET-24 a link-local address carries its interface as zone, and no other has one", () => {
  const linkLocal = parseAddressBlock("fe80::/10")!;
  for (const { name, address } of interfaceAddresses()) {
    assert.equal(address.zone, blockContains(linkLocal, address) ? name : null, address.text);
  }
});

test("no IPv6 address is listed that the kernel does not have, and none of loopback left out", () => {
  const text = existsSync(KERNEL_LIST) ? readFileSync(KERNEL_LIST, "utf8") : "";
  const kernel = text.split("\n").filter((line) => line !== "").map((line) => {
    const [hex = "", , prefix = "", , , name = ""] = line.trim().split(/\s+/);
    const address = parseIpAddress(hex.match(/.{4}/g)!.join(":"))!;
    return `${name} ${address.text}/${parseInt(prefix, 16)}`;
  });
  const ours = interfaceAddresses().filter(({ address }) => address.family === 6)
    .map(({ name, address, prefixLength }) => `${name} ${address.text}/${prefixLength}`);
  assert.deepEqual(ours.filter((entry) => !kernel.includes(entry)), []);
  const loopback = (list: readonly string[]): string[] => list.filter((entry) => entry.startsWith("lo "));
  assert.deepEqual(loopback(ours), loopback(kernel));
});
