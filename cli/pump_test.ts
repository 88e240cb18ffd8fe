import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { type Answer, createTestHost } from "../testing.ts";
import { pump } from "./pump.ts";

const YES: Answer = { kind: "allow", lifetime: "once", host: null };

async function exchange(
  input: readonly string[],
  options: { crlf: boolean; answer: string },
): Promise<{ sent: string; received: string; counts: unknown }> {
  const host = createTestHost({ answer: () => YES });
  let sent = "";
  host.network.listen({ address: "9.9.9.9", port: 7 }, async (link) => {
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) {
      sent += new TextDecoder().decode(chunk);
    }
    await link.write(new TextEncoder().encode(options.answer));
    await link.closeWrite();
  });
  await using socket = await host.navigator.openTCPSocket({ remoteAddress: "9.9.9.9", remotePort: 7 });
  let received = "";
  const output = {
    write: (bytes: Uint8Array): Promise<void> => Promise.resolve(void (received += new TextDecoder().decode(bytes))),
    end: () => Promise.resolve(),
  };
  const stdin = ReadableStream.from(input.map((text) => new TextEncoder().encode(text)));
  const counts = await pump(stdin, socket, { output, crlf: options.crlf });
  return { sent, received, counts };
}

test("NET-04 the end of standard input ends sending only; the answer still arrives", async () => {
  const { sent, received, counts } = await exchange(["hello ", "there"], { crlf: false, answer: "answer" });
  assert.deepEqual([sent, received, counts], ["hello there", "answer", { sent: 11, received: 6 }]);
});

test("CON-11 --crlf makes CR LF of line ends, across chunks, and leaves CR LF alone", async () => {
  const { sent } = await exchange(["a\nb\r\nc\r", "\nd\n\n"], { crlf: true, answer: "" });
  assert.equal(sent, "a\r\nb\r\nc\r\nd\r\n\r\n");
});
