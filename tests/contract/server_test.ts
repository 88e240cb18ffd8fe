/** Runs the servers' contract suites against the back end of the runtime at hand, and the memory one. */
import { RUNTIME } from "../support/harness.ts";
import type { ContractHost } from "./contract_host.ts";
import { memoryHost } from "./memory_host.ts";
import { nativeBackend, nativeGaps, nativeTraits } from "./native_backend.ts";
import { realHost } from "./node_host.ts";
import { pathContract } from "./path_contract.ts";
import { serveTlsContract } from "./serve_tls_contract.ts";
import type { ServeTlsTraits } from "./serve_tls_scene.ts";
import { serverContract } from "./server_contract.ts";
import { serverLaunchContract } from "./server_launch_contract.ts";

const net = await nativeBackend();
const makeHost = (): ContractHost => realHost(net, nativeTraits);

/** Node's TLS 1.3 gives tickets that nothing can be resumed with; Deno's, for both versions, tickets that it takes. */
const TLS_TRAITS: Record<typeof RUNTIME, ServeTlsTraits> = {
  deno: { sendsTickets: ["TLSv1.2", "TLSv1.3"], refusesTickets: true },
  bun: { sendsTickets: [], refusesTickets: false },
  node: { sendsTickets: ["TLSv1.3"], refusesTickets: false },
};

serverContract(RUNTIME, makeHost, nativeGaps);
serverContract("memory", memoryHost, memoryHost().net.gaps);
pathContract(RUNTIME, makeHost, nativeGaps);
pathContract("memory", memoryHost, memoryHost().net.gaps);
serveTlsContract(RUNTIME, makeHost, TLS_TRAITS[RUNTIME]);
serverLaunchContract(RUNTIME);
