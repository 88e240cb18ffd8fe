import assert from "node:assert/strict";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { linkPair, type MemoryLink } from "../../../runtime/memory/memory_link.ts";
import { test } from "../../../tests/support/harness.ts";
import { readExactly } from "./exact_reader.ts";
import type { ProxyTarget } from "./proxy_hop.ts";
import { socks5Connect } from "./socks5.ts";

const ENDS = { client: { address: "127.0.0.1", port: 1 }, server: { address: "127.0.0.1", port: 1080 } };
const FOUR: ProxyTarget = { address: parseIpAddress("9.9.9.9") as IpAddress, name: "mail.example", port: 25 };
const SIX: ProxyTarget = { ...FOUR, address: parseIpAddress("2606:4700::1") as IpAddress };
const NAME: ProxyTarget = { ...FOUR, address: null };
const LOGIN = { username: "ann", password: "pass" };
const OK_4 = [5, 0, 0, 1, 10, 0, 0, 1, 0, 80];

const hex = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

interface Round {
  /** How many bytes the proxy reads. */
  readonly takes: number;
  /** What it answers. */
  readonly gives: readonly number[];
}

/** Plays a proxy; gives what it read. */
async function play(proxy: MemoryLink, rounds: readonly Round[]): Promise<string[]> {
  const heard: string[] = [];
  for (const { takes, gives } of rounds) {
    heard.push(hex(await readExactly(proxy, takes)));
    await proxy.write(Uint8Array.from(gives));
  }
  return heard;
}

for (
  const [title, target, login, rounds, heard] of [
    ["an IPv4 address", FOUR, null, [{ takes: 3, gives: [5, 0] }, { takes: 10, gives: OK_4 }], [
      "050100",
      "05010001090909090019",
    ]],
    ["an IPv6 address", SIX, null, [{ takes: 3, gives: [5, 0] }, { takes: 22, gives: OK_4 }], [
      "050100",
      "0501000426064700000000000000000000000001" + "0019",
    ]],
    ["a name, where the proxy is to look it up", NAME, null, [{ takes: 3, gives: [5, 0] }, {
      takes: 19,
      gives: [5, 0, 0, 3, 2, 104, 105, 0, 80],
    }], ["050100", "050100030c" + hex(new TextEncoder().encode("mail.example")) + "0019"]],
    ["a user name and password", FOUR, LOGIN, [{ takes: 4, gives: [5, 2] }, { takes: 10, gives: [1, 0] }, {
      takes: 10,
      gives: [5, 0, 0, 4, ...Array(16).fill(1), 0, 80],
    }], ["05020002", "0103616e6e0470617373", "05010001090909090019"]],
  ] as const
) {
  test(`NET-26 SOCKS 5 asks with ${title}, byte for byte, and leaves what follows the answer to the tunnel`, async () => {
    const { client, server } = linkPair(ENDS);
    const playing = play(server, rounds);
    await socks5Connect(client, target, login);
    assert.deepEqual(await playing, heard);
    await server.write(Uint8Array.of(42));
    assert.deepEqual([...await client.readChunk() ?? []], [42]);
  });
}

test("NET-26 SOCKS 5: bytes of the tunnel that came with the answer are not lost", async () => {
  const { client, server } = linkPair(ENDS);
  const playing = play(server, [{ takes: 3, gives: [5, 0] }, { takes: 10, gives: [...OK_4, 50, 50, 48] }]);
  await socks5Connect(client, FOUR, null);
  await playing;
  assert.deepEqual([...await client.readChunk() ?? []], [50, 50, 48]);
});

for (
  const [title, rounds, words] of [
    ["another version", [{ takes: 3, gives: [4, 0] }], /does not speak SOCKS 5/],
    ["no way to log in", [{ takes: 3, gives: [5, 255] }], /wants a user name and password/],
    ["a way that was not offered", [{ takes: 3, gives: [5, 1] }], /not offered/],
    ["its rules", [{ takes: 3, gives: [5, 0] }, { takes: 10, gives: [5, 2, 0, 1] }], /rules do not allow/],
    ["an unknown code", [{ takes: 3, gives: [5, 0] }, { takes: 10, gives: [5, 99, 0, 1] }], /code 99/],
    ["an address of no kind", [{ takes: 3, gives: [5, 0] }, { takes: 10, gives: [5, 0, 0, 9] }], /unknown kind/],
  ] as const
) {
  test(`NET-26 SOCKS 5 fails on ${title}, in words`, async () => {
    const { client, server } = linkPair(ENDS);
    const playing = play(server, rounds);
    await assert.rejects(socks5Connect(client, FOUR, null), (error: { code: string; message: string }) => {
      assert.equal(error.code, "NET_PROXY");
      assert.match(error.message, words);
      return true;
    });
    await playing;
  });
}

test("NET-26 SOCKS 5 fails when the proxy ends anywhere in the middle", async () => {
  const whole = [5, 2, 1, 0, ...OK_4];
  for (let length = 0; length < whole.length; length++) {
    const { client, server } = linkPair(ENDS);
    await server.write(Uint8Array.from(whole.slice(0, length)));
    await server.closeWrite();
    await assert.rejects(socks5Connect(client, FOUR, LOGIN), { code: "NET_PROXY" });
  }
});
