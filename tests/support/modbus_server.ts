/** A Modbus/TCP device by Debian's `pymodbus`. */
import { fileURLToPath } from "node:url";
import { PYTHON } from "./debian_package.ts";
import type { PeerServer } from "./echo_server.ts";
import { ServerProcess } from "./server_process.ts";

const PROGRAM = fileURLToPath(new URL("./modbus_server.py", import.meta.url));

/** Starts a device on 127.0.0.1: unit 1, holding registers 100 to 109. It prints a line for each use of them. */
export async function startModbusServer(): Promise<PeerServer> {
  const { server, ready } = await ServerProcess.start({
    name: "pymodbus",
    command: PYTHON,
    args: ["-B", PROGRAM],
    ready: /^PORT (\d+)$/m,
  });
  return { port: Number(ready[1]), process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
