import assert from "node:assert/strict";
import { startLibp2pNode } from "../support/libp2p_node.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite([], async (stack) => {
  const known = stack.use(await startLibp2pNode());
  const wanted = stack.use(await startLibp2pNode(known.address));
  await known.process.waitForLog(new RegExp(`identified ${wanted.id}`));
  return { known, wanted };
});

const FINDS = { name: "IPFS peer exchange", shows: "learns from one peer where another one is, and pings it" };
testUseCase(test, FINDS, async (runtime, { known, wanted }) => {
  const from = wanted.process.log().length;
  const allow = `127.0.0.1:${known.port},127.0.0.1:${wanted.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["ipfs_peers", known.address, wanted.id], { allow });
  assert.equal(status, 0, stderr);
  const [first = "", second, third = ""] = stdout.split("\n");
  assert.ok(first.startsWith(`${known.id} runs js-libp2p/`) && first.includes("/ipfs/ping/1.0.0"), stdout);
  assert.equal(second, `${wanted.id} is at /ip4/127.0.0.1/tcp/${wanted.port}`);
  assert.match(third, new RegExp(`^${wanted.id} answers in \\d+ ms$`));
  await wanted.process.waitForLog(new RegExp(`identified \\S+ at \\S+: js-libp2p/\\S+ .*${runtime}`, "i"), { from });
});

const ASKS = { name: "IPFS peer exchange", shows: "does not go to a peer that is not approved, whoever names it" };
testUseCase(test, ASKS, async (runtime, { known, wanted }) => {
  const before = wanted.process.log();
  const allow = `127.0.0.1:${known.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["ipfs_peers", known.address, wanted.id], { allow });
  assert.notEqual(status, 0);
  assert.ok(stdout.includes(`${wanted.id} is at `), stderr);
  assert.ok(!stdout.includes("answers"), stdout);
  assert.ok(stderr.includes(`PARLEY_ALLOW=127.0.0.1:${wanted.port}`), stderr);
  assert.equal(wanted.process.log(), before);
});

const IMPOSTOR = { name: "IPFS peer exchange", shows: "does not talk to a peer that has another key than its id says" };
testUseCase(test, IMPOSTOR, async (runtime, { known, wanted }) => {
  const address = known.address.replace(known.id, wanted.id);
  const allow = `127.0.0.1:${known.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["ipfs_peers", address, wanted.id], { allow });
  assert.notEqual(status, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /does not match expected|UnexpectedPeer/i);
});
