/**
 * The same with a client from npm, jsmodbus, which thinks that Parley's socket is one of Node's:
 * `PARLEY_ALLOW=192.168.1.30:502 bun examples/modbus_client.ts 192.168.1.30 502 100 4`
 */
import type { Socket } from "node:net";
import { once } from "node:events";
import process from "node:process";
import { client } from "jsmodbus";
import { ParleySocket } from "@parley/parley/node";

const [host = "plc.local", port = "502", first = "0", count = "1", ...values] = process.argv.slice(2);

const socket = new ParleySocket();
// The client wants the class of Node's sockets by its types only; what it uses of them is there.
const device = new client.TCP(socket as unknown as Socket, 1);
socket.connect({ host, port: Number(port), noDelay: true });
await once(socket, "connect"); // the operator has approved, and the device has answered

if (values.length > 0) await device.writeMultipleRegisters(Number(first), values.map(Number));
const { response } = await device.readHoldingRegisters(Number(first), Number(count));
response.body.valuesAsArray.forEach((value, index) => console.log(`${Number(first) + index}: ${value}`));
socket.end();
