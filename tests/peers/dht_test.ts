import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ClientResult } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { FIRST_NODE, SECOND_NODE, startDhtNodes } from "../support/dht_nodes.ts";
import { CLIENT, NamespacePair, netnsMissing } from "../support/netns.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["transmission-daemon"], async (stack) => {
  const namespaces = stack.use(await NamespacePair.create({}));
  stack.use(await startDhtNodes(namespaces));
  return { namespaces };
}, { skip: await netnsMissing() });

const FIRST = [FIRST_NODE.address, String(FIRST_NODE.port)] as const;
const FOUND_FIRST = `${FIRST_NODE.address} port ${FIRST_NODE.port} knows 1\n`;
const FOUND_SECOND = new RegExp(`^${SECOND_NODE.address} port ${SECOND_NODE.port} knows [0-2]\n$`);
const PUBLIC = "udp-peers://0.0.0.0:0";

function run(
  runtime: TestRuntime,
  namespaces: NamespacePair,
  { example, allow }: { readonly example: readonly [string, ...string[]]; readonly allow: string },
): Promise<ClientResult> {
  return runExample(runtime, example, { allow, within: (argv) => namespaces.inClient(argv) });
}

testUseCase(
  test,
  { name: "DHT", shows: "finds nodes by hand, all under one approval" },
  async (runtime, { namespaces }) => {
    const { status, stdout, stderr } = await run(runtime, namespaces, {
      example: ["dht_find_node", ...FIRST],
      allow: PUBLIC,
    });
    assert.equal(status, 0, stderr);
    assert.ok(stdout.startsWith(FOUND_FIRST), stdout);
    assert.match(stdout.slice(FOUND_FIRST.length), FOUND_SECOND);
  },
);

testUseCase(
  test,
  { name: "DHT", shows: "announces and finds a peer with bittorrent-dht" },
  async (runtime, { namespaces }) => {
    const hash = createHash("sha1").update(runtime).digest("hex");
    const peer = `${CLIENT} port 7777\n`;
    const example = ["dht_peers", hash, ...FIRST] as const;
    const announced = await run(runtime, namespaces, { example: [...example, "7777"], allow: PUBLIC });
    assert.deepEqual([announced.status, announced.stdout], [0, `announced port 7777\n${peer}`], announced.stderr);
    // The nodes have kept it for others.
    const found = await run(runtime, namespaces, { example, allow: PUBLIC });
    assert.deepEqual([found.status, found.stdout], [0, peer], found.stderr);
  },
);

test("NET-27 NET-21 DHT: with approved peers each node has an approval of its own", async ({ namespaces }) => {
  await eachRuntime(async (runtime) => {
    const example = ["dht_find_node", ...FIRST, "approved"] as const;
    const one = `listen+udp://0.0.0.0:0,udp://${FIRST.join(":")}`;
    const alone = await run(runtime, namespaces, { example, allow: one });
    assert.deepEqual([alone.status, alone.stdout], [0, FOUND_FIRST], alone.stderr);
    assert.match(alone.stderr, new RegExp(`Not allowed to send to ${SECOND_NODE.address}:${SECOND_NODE.port}`));
    const both = await run(runtime, namespaces, {
      example,
      allow: `${one},udp://${SECOND_NODE.address}:${SECOND_NODE.port}`,
    });
    assert.ok(both.stdout.startsWith(FOUND_FIRST), both.stderr);
    assert.match(both.stdout.slice(FOUND_FIRST.length), FOUND_SECOND);
  });
});

test("NET-28 NET-21 DHT: an approval of public peers covers no machine nearby", async ({ namespaces }) => {
  await eachRuntime(async (runtime) => {
    for (const address of ["127.0.0.1", "10.7.7.7"]) {
      const example = ["dht_find_node", address, "6881"] as const;
      const { status, stdout, stderr } = await run(runtime, namespaces, { example, allow: PUBLIC });
      assert.deepEqual([status, stdout], [0, ""], stderr);
      assert.match(stderr, new RegExp(`Not allowed to send to ${address}:6881`));
    }
  });
});
