/** Runs in a Worker: takes its port and sends back what it hears; or says that there is none. */
import { parentPort } from "node:worker_threads";
import { realmBackend } from "../../runtime/_node/worker_port.ts";

const port = await realmBackend({ inWorker: true, asks: !("Deno" in globalThis), listensForever: false }).accept();
port?.post("ready");
port?.listen((message) => port.post(message), () => {});
port?.hold();
if (port === null) parentPort?.postMessage("none");
