import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { PRINTER_NAME, startMdnsResponder } from "../support/mdns_responder.ts";
import { NamespacePair, netnsMissing, ROUTER } from "../support/netns.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["avahi-daemon"], async (stack) => {
  const namespaces = stack.use(await NamespacePair.create({}));
  stack.use(await startMdnsResponder(namespaces));
  return { within: (argv: readonly string[]) => namespaces.inClient(argv) };
}, { skip: await netnsMissing() });

const HEAR = "listen+udp://0.0.0.0:5353";
const GROUP = "multicast://224.0.0.251:5353";

testUseCase(test, { name: "mDNS", shows: "finds a printer by multicast" }, async (runtime, { within }) => {
  const example = ["mdns_browse", "_ipp._tcp.local", "3"] as const;
  const { status, stdout, stderr } = await runExample(runtime, example, { allow: `${HEAR},${GROUP}`, within });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, `"${PRINTER_NAME}._ipp._tcp.local" at printer.local port 631, says ${ROUTER}\n`);
});

test("NET-27 NET-21 mDNS: leave to receive is no leave to join a group", async ({ within }) => {
  await eachRuntime(async (runtime) => {
    const { status, stdout, stderr } = await runExample(runtime, ["mdns_browse"], { allow: HEAR, within });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, /^parley: refused \S+ .*multicast:\/\/224\.0\.0\.251:5353/m);
  });
});
