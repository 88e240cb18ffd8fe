/**
 * The process's own host, broker and requester, made at first use. With `mod.ts` and `cli/` one of the few places that
 * touch `runtime/`. There is one per process: a second copy of Parley gets a broker that refuses everything (CON-19).
 */
import { autoHost } from "../runtime/auto.ts";
import type { Host } from "../runtime/host.ts";
import type { Broker } from "./broker.ts";
import { composeBroker } from "./compose.ts";
import { mainRequester } from "./main_requester.ts";
import type { Requester } from "./requester.ts";

/** What an import of Parley acts with. */
export interface Ambient {
  /** The runtime. */
  readonly host: Host;
  /** The one broker. */
  readonly broker: Broker;
  /** The main program. */
  readonly requester: Requester;
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

async function createAmbient(): Promise<Ambient> {
  const host = await autoHost();
  const broker = composeBroker(host, { mayNotAsk: !firstCopy });
  const { mainModule, pid } = host.launch;
  return Object.freeze({ host, broker, requester: mainRequester(mainModule, pid) });
}

/** Marks the realm as having a broker. Whoever comes second finds the mark and must not ask. */
function claimProcess(): boolean {
  if (Object.hasOwn(globalThis, PRESENCE)) return false;
  return Reflect.defineProperty(globalThis, PRESENCE, { value: true });
}
