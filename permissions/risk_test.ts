import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { requestFor } from "../tests/support/test_grant.ts";
import { parseDestination } from "../core/destination.ts";
import { connectDescriptor, type Descriptor } from "./descriptor.ts";
import type { Risk } from "./prompter.ts";
import { riskOf } from "./risk.ts";

const TABLE: readonly (readonly [string, Risk | null])[] = [
  ["mail.example:25", null],
  ["udp://9.9.9.9:53", null],
  ["localhost:25", "loopback"],
  ["udp://127.0.0.1:53", "loopback"],
  ["10.0.0.1:9100", "private"],
  ["169.254.169.254:80", "metadata"],
  ["unix:///run/x.sock", "local-service"],
  ["listen+unix:///run/x.sock", "listen-local"],
  ["listen://127.0.0.1:0", "listen-local"],
  ["listen+udp://[::1]:5683", "listen-local"],
  ["listen://192.168.1.2:80", "listen-network"],
  ["listen://9.9.9.9:80", "listen-network"],
  ["listen://0.0.0.0:80", "listen-any"],
  ["listen+udp://[::]:80", "listen-any"],
  ["multicast://239.1.1.1:5000", "multicast"],
  ["udp-peers://127.0.0.1:6881", "udp-peers"],
];

for (const [text, risk] of TABLE) {
  test(`CON-10 NET-22 ${text} ${risk === null ? "may be approved by a key" : `needs the word: ${risk}`}`, () => {
    assert.equal(riskOf(requestFor(text)), risk);
  });
}

test("NET-27 what every machine of a network receives needs the word, and so does a name that a proxy looks up", () => {
  const broadcast: Descriptor = { ...connectOf("udp://255.255.255.255:9"), broadcast: true };
  assert.equal(riskOf(broadcast), "broadcast");
  const via = { protocol: "socks5", destination: parseDestination("proxy.example:1080"), remoteDns: true } as const;
  assert.equal(riskOf({ ...connectOf("mail.example:25"), via }), "remote-dns");
  assert.equal(riskOf({ ...connectOf("mail.example:25"), via: { ...via, remoteDns: false } }), null);
});

function connectOf(text: string): ReturnType<typeof connectDescriptor> {
  const destination = parseDestination(text);
  return connectDescriptor({ destination, port: destination.port });
}
