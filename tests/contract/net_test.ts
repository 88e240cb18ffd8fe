/** Runs the contract suites against the back end of the runtime at hand. */
import { RUNTIME } from "../support/harness.ts";
import type { ContractHost } from "./contract_host.ts";
import { launchContract } from "./launch_contract.ts";
import { memoryHost } from "./memory_host.ts";
import { nativeBackend, nativeGaps, nativeTraits, noGaps } from "./native_backend.ts";
import { netContract } from "./net_contract.ts";
import { realHost } from "./node_host.ts";
import { tlsContract } from "./tls_contract.ts";

const net = await nativeBackend();
const makeHost = (): ContractHost => realHost(net, nativeTraits);

netContract(RUNTIME, makeHost, nativeGaps);
netContract("memory", memoryHost, noGaps);
tlsContract(RUNTIME, makeHost);
launchContract(RUNTIME);
