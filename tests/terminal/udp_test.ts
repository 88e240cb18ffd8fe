/** `parley udp` at a real pseudo-terminal, on every runtime, as a person uses it. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { test } from "../support/harness.ts";
import { ptyMissing, type PtyResult, type PtyRuntime, type PtyStep, runAtPty, runtimePath } from "../support/pty.ts";
import { UdpPeer } from "../support/udp_peer.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const RUNTIMES: readonly PtyRuntime[] = ["deno", "bun", "node"];
const LINE_MODE = { icanon: true, echo: true, isig: true };
const asked: PtyStep = { do: "expect", pattern: "Allow\\?.*[›>] " };
const word: PtyStep = { do: "sendMatch", pattern: "Allow\\? \\[([a-z]{4})/N\\]", then: "\r" };
const ends: PtyStep = { do: "exit" };
const shows = (pattern: string): PtyStep => ({ do: "expect", pattern });
const types = (text: string): PtyStep => ({ do: "send", text });

function cliTest(title: string, run: (runtime: PtyRuntime) => Promise<void>): void {
  const missing = ptyMissing() ?? RUNTIMES.find((name) => runtimePath(name) === null) ?? null;
  test(`${title} (${RUNTIMES.join(", ")})`, async () => void await Promise.all(RUNTIMES.map(run)), { skip: missing });
}

/** Runs the command with input and output at the terminal. */
async function runUdp(runtime: PtyRuntime, args: readonly string[], steps: readonly PtyStep[]): Promise<PtyResult> {
  const plan = { runtime, program: PROGRAM, args: ["udp", ...args], steps, stdout: "tty" } as const;
  const result = await runAtPty(plan);
  assert.equal(result.failed, null, `${runtime}: ${result.failed}\n${result.screen}`);
  return result;
}

/** A UDP port of this machine that was free just now. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", () => resolve()));
  const { port } = socket.address();
  await new Promise<void>((resolve) => void socket.close(() => resolve()));
  return port;
}

cliTest("NET-07 CON-11 parley udp asks, sends what is typed, and shows answers escaped", async (runtime) => {
  await using peer = await UdpPeer.start({ echoes: true });
  const result = await runUdp(runtime, [`127.0.0.1:${peer.port}`], [
    asked,
    word,
    shows("exchanging datagrams with udp://127\\.0\\.0\\.1:\\d+ .*NOT ENCRYPTED, as approved"),
    types("h\u202ei\u200b\\u{a}\r"),
    shows("h\\\\u\\{202e\\}i\\\\u\\{200b\\}\\\\u\\{5c\\}u\\{a\\}"),
    types("\x04"),
    ends,
  ]);
  assert.deepEqual([result.exit, result.flags], [{ code: 0 }, LINE_MODE]);
  assert.match(
    stripVTControlCharacters(result.raw).replace(/\s+/g, " "),
    /parley:udp wants to exchange datagrams with/,
  );
  assert.equal(peer.received.length, 1);
});

cliTest("NET-27 CON-10 --to is asked about before anything is typed, and nothing is asked after", async (runtime) => {
  await using peer = await UdpPeer.start({ echoes: true });
  const result = await runUdp(runtime, ["--listen", "0", "--to", `127.0.0.1:${peer.port}`, "--count", "2"], [
    asked,
    word,
    shows("receiving datagrams at 127\\.0\\.0\\.1:[1-9]\\d*, NOT ENCRYPTED, as approved"),
    asked,
    word,
    // The answer to the question is shown; from then on lines are the command's.
    shows("Allowed once"),
    types("first line\r"),
    shows(`127\\.0\\.0\\.1:${peer.port} first line`),
    types("second line\r"),
    ends,
  ]);
  assert.deepEqual(result.exit, { code: 0 });
  assert.deepEqual(peer.received.map(({ text }) => text), ["first line", "second line"]);
  assert.equal(result.raw.match(/Allow\?/g)?.length, 2, result.screen);
});

cliTest(
  "NET-27 no question is put while input is typed: what needs one is refused, and how to allow it told",
  async (runtime) => {
    await using peer = await UdpPeer.start();
    const port = await freeUdpPort();
    let over = false;
    // Empty datagrams: three times nothing is what may be answered, however many come.
    const calling = (async (): Promise<void> => {
      while (!over) await Promise.all([peer.send("", { port }), new Promise((resolve) => setTimeout(resolve, 50))]);
    })();
    const result = await runUdp(runtime, ["--listen", String(port), "--reply"], [
      asked,
      word,
      shows(`127\\.0\\.0\\.1:${peer.port} `),
      types("more than nothing\r"),
      shows(`to allow it, start with --allow udp://127\\.0\\.0\\.1:${peer.port}`),
      types("\x03"),
      ends,
    ]).finally(() => void (over = true));
    await calling;
    assert.deepEqual(result.exit, { code: 130 });
    assert.equal(result.raw.match(/Allow\?/g)?.length, 1, result.screen);
    assert.equal(peer.received.length, 0);
  },
);

cliTest("NET-22 CON-10 parley udp receives nothing after Enter alone, and Ctrl-C ends it with 130", async (runtime) => {
  const refused = await runUdp(runtime, ["--listen", "0.0.0.0:0"], [asked, types("\r"), ends]);
  assert.deepEqual(refused.exit, { code: 77 });
  assert.doesNotMatch(refused.raw, /receiving datagrams/);
  const listens = shows("receiving datagrams at 127\\.0\\.0\\.1");
  const stopped = await runUdp(runtime, ["--listen", "0"], [asked, word, listens, types("\x03"), ends]);
  assert.deepEqual([stopped.exit, stopped.flags], [{ code: 130 }, LINE_MODE]);
});
