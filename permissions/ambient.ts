/**
 * The process's own host, broker and requester, made at first use. With `mod.ts` and `cli/` one of the few places that
 * touch `runtime/`. There is one per process: a second copy of Parley gets a broker that refuses everything (CON-19).
 */
import { ParleyError } from "../core/errors.ts";
import { autoHost } from "../runtime/auto.ts";
import type { Host } from "../runtime/host.ts";
import type { Broker } from "./broker.ts";
import { composeBroker } from "./compose.ts";
import { Delegations } from "./delegation/delegations.ts";
import { type FeaturePolicy, forOwner, policyForFeatures } from "./delegation/feature_policy.ts";
import type { ModuleMeta } from "./delegation/module_meta.ts";
import { isMainModule, navigatorRequester } from "./delegation/navigator_requester.ts";
import type { Requester } from "./requester.ts";
import { mainRequester } from "./main_requester.ts";
import { WorkerBroker } from "./delegation/worker_broker.ts";
import { WorkerService } from "./delegation/worker_service.ts";
import { programRequester } from "./trust/program_requester.ts";

/** What an import of Parley acts with. */
export interface Ambient {
  /** The runtime. */
  readonly host: Host;
  /** The one broker. */
  readonly broker: Broker;
  /** The main program. */
  readonly requester: Requester;
  /** What the main program delegated. */
  readonly delegations: Delegations;
}

const PRESENCE = Symbol.for("@parley/parley broker");
const firstCopy = claimProcess();
let ambient: Promise<Ambient> | null = null;

/**
 * The ambient host, broker and requester.
 *
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` where no back end exists.
 */
export function ambientContext(): Promise<Ambient> {
  ambient ??= createAmbient();
  return ambient;
}

/**
 * The requester of a module with a navigator of its own.
 *
 * @param meta The module.
 * @param policy What its navigator is narrowed to.
 * @throws {ParleyError} `RUNTIME_UNSUPPORTED` where no back end exists.
 */
export async function requesterFor(meta: ModuleMeta, policy: FeaturePolicy): Promise<Requester> {
  const { host, requester, delegations } = await ambientContext();
  const own = navigatorRequester(meta, requester, host.launch);
  delegations.register(own, forOwner(policy, own.origin));
  return own;
}

/** Whether a module is the main one, as far as it says. On the host that reaches nothing real every module may say so. */
export async function isProgram(meta: ModuleMeta): Promise<boolean> {
  const { host } = await ambientContext();
  return isMainModule(meta, host.launch) || host.name === "memory";
}

/**
 * Serves a Worker by this realm's broker.
 *
 * @param worker The Worker.
 * @param features What is delegated to it.
 * @throws {TypeError} When it is no Worker of this realm, or a feature is unknown.
 * @throws {ParleyError} `PERM_CONTEXT` in a Worker and for a second copy, `RUNTIME_UNSUPPORTED` where no back end exists.
 */
export async function serveWorker(worker: unknown, features: unknown): Promise<void> {
  const { host, broker, requester: program, delegations } = await ambientContext();
  const policy = policyForFeatures(features, program.origin);
  const { inWorker, realms } = host.launch;
  if (inWorker || !firstCopy) {
    throw new ParleyError("PERM_CONTEXT", "Cannot delegate from here: only the main realm can");
  }
  if (realms === undefined) throw new TypeError("Cannot delegate: not a Worker");
  const requester: Requester = Object.freeze({ ...program, role: "worker", inside: program.origin });
  const port = realms.connect(worker);
  delegations.register(requester, policy);
  new WorkerService({ port, broker, requester, policy });
}

async function createAmbient(): Promise<Ambient> {
  const host = await autoHost();
  const delegations = new Delegations();
  const { launch: { inWorker, realms, pid, mainModule } } = host;
  if (inWorker && realms !== undefined && firstCopy) {
    const broker = new WorkerBroker({ realms, clock: host.clock, report: (line) => host.report(line) });
    await broker.connect();
    // The main realm knows better whom the Worker asks for; here it is a name on local Grants only.
    const requester: Requester = Object.freeze({ ...mainRequester(mainModule, pid), role: "worker" });
    return Object.freeze({ host, broker, requester, delegations });
  }
  const options = { mayNotAsk: !firstCopy, delegations };
  const broker = composeBroker(host, options);
  return Object.freeze({ host, broker, requester: programRequester(host.launch), delegations });
}

/** Marks the realm as having a broker. Whoever comes second finds the mark and must not ask. */
function claimProcess(): boolean {
  if (Object.hasOwn(globalThis, PRESENCE)) return false;
  return Reflect.defineProperty(globalThis, PRESENCE, { value: true });
}
