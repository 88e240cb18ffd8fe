import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { eachRuntime } from "../support/each_runtime.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { startTftpServer } from "../support/tftp_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

/** Several blocks, exactly two, and none at all. */
const FILES: Readonly<Record<string, Uint8Array>> = Object.freeze({
  "boot.img": Uint8Array.from({ length: 20_000 }, (_, index) => index * index),
  "two.bin": new Uint8Array(1024).fill(7),
  "empty": new Uint8Array(),
});
const skip = process.getuid?.() === 0 ? null : "in.tftpd needs root";
const test = await peerSuite(["tftpd-hpa"], async (stack) => {
  const { path } = stack.use(await makeTempDirectory("tftp-copy"));
  return { server: stack.use(await startTftpServer(FILES)), path };
}, { skip });

testUseCase(test, { name: "TFTP", shows: "fetches files from a port that nobody asked" }, async (runtime, peers) => {
  const { server: { port }, path } = peers;
  const allow = `listen+udp://0.0.0.0:0,udp://127.0.0.1:${port}`;
  const copy = join(path, runtime);
  for (const [name, content] of Object.entries(FILES)) {
    const args = ["tftp_get", "127.0.0.1", String(port), name, copy] as const;
    const { status, stdout, stderr } = await runExample(runtime, args, { allow });
    assert.equal(status, 0, stderr);
    const [, bytes, from] = /^(\d+) bytes from 127\.0\.0\.1 port (\d+)\n$/.exec(stdout) ?? [];
    assert.equal(Number(bytes), content.byteLength);
    assert.notEqual(Number(from), port);
    assert.deepEqual(new Uint8Array(await readFile(copy)), content);
  }
  const absent = await runExample(runtime, ["tftp_get", "127.0.0.1", String(port), "absent", copy], { allow });
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /127\.0\.0\.1 refuses: .*File not found/);
});

test("NET-01 NET-21 TFTP: leave to receive is no leave to ask", async ({ server, path }) => {
  await eachRuntime(async (runtime) => {
    const args = ["tftp_get", "127.0.0.1", String(server.port), "two.bin", join(path, "none")] as const;
    const { status, stdout, stderr } = await runExample(runtime, args, { allow: "listen+udp://0.0.0.0:0" });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, new RegExp(`refused \\S+ datagrams to udp://127\\.0\\.0\\.1:${server.port}\\b`));
  });
});
