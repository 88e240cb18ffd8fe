import assert from "node:assert/strict";
import { linkPair } from "../../runtime/memory/memory_link.ts";
import { test } from "../../tests/support/harness.ts";
import { askPreflight, MAX_PREFLIGHT_BYTES, type PreflightOutcome, preflightRequest } from "./http_preflight.ts";

const ENDS = { client: { address: "127.0.0.1", port: 1 }, server: { address: "9.9.9.9", port: 443 } };
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0));
const REQUEST = preflightRequest("web.example", null);

/** Asks a host that says these parts, one write each, and then no more. */
async function ask(...parts: readonly string[]): Promise<PreflightOutcome> {
  const { client, server } = linkPair(ENDS);
  const asked = askPreflight(client, REQUEST);
  for (const part of parts) await server.write(latin1(part));
  await server.closeWrite();
  return await asked;
}

const YES: PreflightOutcome = { kind: "answer", supportsCors: true };
const NO: PreflightOutcome = { kind: "answer", supportsCors: false };

test("NET-12 the question is a preflight by the TLS name and the origin, and has no other content", () => {
  const text = new TextDecoder().decode(REQUEST);
  assert.equal(
    text,
    "OPTIONS / HTTP/1.1\r\nHost: web.example\r\nOrigin: null\r\nAccess-Control-Request-Method: GET\r\n" +
      "Connection: close\r\n\r\n",
  );
  const shown = (host: string, origin: string | null): string =>
    new TextDecoder().decode(preflightRequest(host, origin));
  assert.match(
    shown("2606:4700::1", "https://site.example:8443"),
    /Host: \[2606:4700::1\]\r\nOrigin: https:\/\/site\.ex/,
  );
  assert.match(shown("fe80::1%eth0", null), /Host: \[fe80::1\]\r\n/);
});

for (
  const [title, answer, outcome] of [
    ["a header for everybody", "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n", YES],
    ["a header for others alone", "HTTP/1.1 403 F\r\naccess-control-allow-origin: https://a.example\r\n\r\n", YES],
    ["a header without a value", "HTTP/1.0 200 OK\r\nACCESS-CONTROL-ALLOW-ORIGIN:\r\n\r\n", YES],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin : *\r\n\r\n", YES],
    ["line feeds alone", "HTTP/1.1 200\nAccess-Control-Allow-Origin: *\n\n", YES],
    ["answers that announce it", `HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`, NO],
    [
      "the header in an announcement",
      "HTTP/1.1 103 E\r\nAccess-Control-Allow-Origin: *\r\n\r\nHTTP/1.1 404 N\r\n\r\n",
      NO,
    ],
    ["another header", "HTTP/1.1 200 OK\r\nX-Access-Control-Allow-Origin: *\r\nVary: Origin\r\n\r\n", NO],
    ["the header's name in a folded line", "HTTP/1.1 200 OK\r\nX: y\r\n Access-Control-Allow-Origin: *\r\n\r\n", NO],
    ["the header in the body", "HTTP/1.1 200 OK\r\n\r\nAccess-Control-Allow-Origin: *\r\n\r\n", NO],
    ["lines that are no headers", "HTTP/1.1 500 Oh\r\nwhatever\r\n: x\r\n\xff\x00\x80\r\n\r\n", NO],
  ] as const
) {
  test(`NET-12 an answer with ${title} is ${outcome === YES ? "support" : "no support"}, however it is cut`, async () => {
    assert.deepEqual(await ask(answer), outcome);
    assert.deepEqual(await ask(...answer), outcome);
  });
}

for (
  const [title, answer, reason] of [
    ["an SSH server", "SSH-2.0-OpenSSH_9.2\r\n", /does not speak HTTP/],
    ["HTTP/2", "\0\0\x12\x04\0\0\0\0\0", /does not speak HTTP/],
    ["HTTP/2 as text", "HTTP/2 200\r\n\r\n", /does not speak HTTP/],
    ["an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", /does not speak HTTP/],
    ["a status that is none", "HTTP/1.1 999 x\r\n\r\n", /does not speak HTTP/],
    ["another protocol than asked", "HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", /does not speak HTTP/],
    ["nothing at all", "", /ended the connection/],
    ["half a status line", "HTTP/1.1 20", /ended the connection/],
    ["a head without its end", "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n", /ended the connection/],
    ["a head that is too long", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(MAX_PREFLIGHT_BYTES)}`, /longer than 16384 bytes/],
    ["announcements without end", "HTTP/1.1 100 C\r\n\r\n".repeat(1000), /longer than 16384 bytes/],
  ] as const
) {
  test(`NET-12 ${title} is no answer`, async () => {
    const outcome = await ask(answer);
    assert.ok(outcome.kind === "none", JSON.stringify(outcome));
    assert.match(outcome.reason, reason);
  });
}

test("NET-12 a head of exactly the limit is read, and nothing after its end", async () => {
  const begin = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nX: ";
  const head = `${begin}${"a".repeat(MAX_PREFLIGHT_BYTES - begin.length - 4)}\r\n\r\n`;
  assert.equal(head.length, MAX_PREFLIGHT_BYTES);
  assert.deepEqual(await ask(head), YES);
  assert.equal((await ask(head.replace("X: ", "X: a"))).kind, "none");
});
