import assert from "node:assert/strict";
import fc from "fast-check";
import { ParleyError } from "../../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { linkPair, type MemoryLink } from "../../../runtime/memory/memory_link.ts";
import { test } from "../../../tests/support/harness.ts";
import { httpConnect, MAX_HEAD_BYTES } from "./http_connect.ts";
import type { ProxyTarget } from "./proxy_hop.ts";

const ENDS = { client: { address: "127.0.0.1", port: 1 }, server: { address: "127.0.0.1", port: 8080 } };
const FOUR: ProxyTarget = { address: parseIpAddress("9.9.9.9") as IpAddress, name: "mail.example", port: 25 };
const SIX: ProxyTarget = { ...FOUR, address: parseIpAddress("2606:4700::1") as IpAddress };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function ask(
  answer: string | Uint8Array,
  target = FOUR,
  login: { readonly username: string; readonly password: string } | null = null,
): Promise<{ readonly client: MemoryLink; readonly heard: string }> {
  const { client, server } = linkPair(ENDS);
  await server.write(typeof answer === "string" ? utf8(answer) : answer);
  await server.closeWrite();
  await httpConnect(client, target, login);
  return { client, heard: new TextDecoder().decode(await server.readChunk() ?? new Uint8Array()) };
}

test("NET-26 HTTP CONNECT names the address twice, and leaves what follows the head to the tunnel", async () => {
  const { client, heard } = await ask("HTTP/1.1 200 OK\r\nVia: x\r\nContent-Length: 5\r\n\r\n220 hi");
  assert.equal(heard, "CONNECT 9.9.9.9:25 HTTP/1.1\r\nHost: 9.9.9.9:25\r\n\r\n");
  assert.equal(new TextDecoder().decode(await client.readChunk() ?? undefined), "220 hi");
  const six = await ask("HTTP/1.0 299 Fine\n\n", SIX);
  assert.match(six.heard, /^CONNECT \[2606:4700::1\]:25 HTTP/);
  const named = await ask("HTTP/1.1 200\r\n\r\n", { ...FOUR, address: null });
  assert.match(named.heard, /^CONNECT mail\.example:25 HTTP/);
});

test("NET-26 HTTP CONNECT logs in with the one request, by the Basic scheme", async () => {
  const { heard } = await ask("HTTP/1.1 200 OK\r\n\r\n", FOUR, { username: "änn", password: "p:w" });
  assert.ok(heard.includes(`\r\nProxy-Authorization: Basic ${btoa("\u00c3\u00a4nn:p:w")}\r\n`), heard);
  await assert.rejects(ask("", FOUR, { username: "a:b", password: "c" }), { code: "ARG_INVALID" });
});

for (
  const [title, answer, words] of [
    ["a redirect", "HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n", /status 301/],
    ["a demand to log in", "HTTP/1.1 407 Log in\r\n\r\n", /wants a user name and password/],
    ["its rules", "HTTP/1.1 403 No\r\n\r\n", /rules do not allow/],
    ["an intermediate answer", "HTTP/1.1 100 Continue\r\n\r\n", /status 100/],
    ["something that is not HTTP", "SSH-2.0-x\r\n", /does not speak HTTP/],
    ["another version", "HTTP/2 200 OK\r\n\r\n", /does not speak HTTP/],
    ["an end in the middle", "HTTP/1.1 200 OK\r\n", /middle of its answer/],
    ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(MAX_HEAD_BYTES)}\r\n\r\n`, /longer than/],
  ] as const
) {
  test(`NET-26 HTTP CONNECT fails on ${title}, in words`, async () => {
    await assert.rejects(ask(answer), (error: ParleyError) => {
      assert.equal(error.code, "NET_PROXY");
      assert.match(error.message, words);
      return true;
    });
  });
}

test("NET-26 HTTP CONNECT: no answer that does not begin with a 2xx status line opens the tunnel", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const opened = await ask(bytes).then(() => true, (error) => {
        assert.ok(error instanceof ParleyError && error.code === "NET_PROXY");
        return false;
      });
      if (opened) assert.match(new TextDecoder("latin1").decode(bytes), /^HTTP\/1\.[01] 2\d\d/);
    }),
    { numRuns: 200 },
  );
});
