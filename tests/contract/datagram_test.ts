/** Runs the datagram suite against the back end of the runtime at hand, and the memory one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { RUNTIME, test } from "../support/harness.ts";
import type { ContractHost } from "./contract_host.ts";
import { datagramContract } from "./datagram_contract.ts";
import { memoryHost } from "./memory_host.ts";
import { nativeBackend, nativeGaps, nativeTraits } from "./native_backend.ts";
import { realHost } from "./node_host.ts";
import type { DatagramPollution } from "./programs/pollute_datagrams.ts";

const POLLUTE = fileURLToPath(new URL("./programs/pollute_datagrams.ts", import.meta.url));

const net = await nativeBackend();
const makeHost = (): ContractHost => realHost(net, nativeTraits);

datagramContract(RUNTIME, makeHost, nativeGaps);
datagramContract("memory", memoryHost, new MemoryNetwork().gaps);

test(`${RUNTIME} UDP: CORE-01 no name on Object.prototype changes where datagrams come from or go to`, () => {
  const run = RUNTIME === "deno" ? ["run", "-A"] : [];
  const { stdout, stderr } = spawnSync(process.execPath, [...run, POLLUTE], { encoding: "utf8", timeout: 60_000 });
  const outcomes: DatagramPollution[] = JSON.parse(stdout || "[]");
  assert.ok(outcomes.length > 20, stderr);
  assert.deepEqual(outcomes.filter(({ outcome }) => outcome !== "right"), []);
}, { timeoutMs: 90_000 });
