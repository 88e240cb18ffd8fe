/** Runs in a Worker: asks for a connection, and tells what came of it. */
import { openTCPSocket } from "../../mod.ts";

const outcome = await openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: 9 })
  .then(() => "open", (error: Error) => error.name);
if ("postMessage" in globalThis) postMessage(outcome);
else (await import("node:worker_threads")).parentPort?.postMessage(outcome);
