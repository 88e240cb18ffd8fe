/**
 * Reads holding registers of a Modbus/TCP device, and writes one when given a value, without a library:
 * `PARLEY_ALLOW=192.168.1.30:502 deno run -A examples/modbus_registers.ts 192.168.1.30 502 100 4`
 * `PARLEY_ALLOW=192.168.1.30:502 deno run -A examples/modbus_registers.ts 192.168.1.30 502 100 4 21`
 */
import process from "node:process";
import { openTCPSocket } from "@parley/parley";

const [host = "plc.local", port = "502", first = "0", count = "1", value] = process.argv.slice(2);
const UNIT = 1;
const READ_HOLDING_REGISTERS = 3;
const WRITE_SINGLE_REGISTER = 6;

// Requests are small, and sent at once. A device that does not answer is given up on.
const how = { noDelay: true, readTimeout: 5_000 };
await using socket = await openTCPSocket({ remoteAddress: host, remotePort: Number(port), ...how });
const reader = socket.readable.getReader({ mode: "byob" });
const writer = socket.writable.getWriter();
let transaction = 0;

/** Reads exactly this many bytes; the stream waits until they are there. */
async function readExactly(length: number): Promise<DataView> {
  const { value } = await reader.read(new Uint8Array(length), { min: length });
  if (value?.byteLength !== length) throw new TypeError("Cannot read the answer: the device hung up");
  return new DataView(value.buffer);
}

/** Sends a function code and two numbers; what follows the function code in the answer is the result. */
async function request(code: number, ...numbers: readonly [number, number]): Promise<DataView> {
  const frame = new DataView(new ArrayBuffer(12));
  transaction++;
  // Transaction, protocol 0, length of the rest; then unit, function code and numbers: high byte first, all of it.
  [transaction, 0, 6, UNIT << 8 | code, ...numbers].forEach((word, index) => frame.setUint16(index * 2, word));
  await writer.write(frame);
  const header = await readExactly(8);
  const [answered, protocol, length] = [header.getUint16(0), header.getUint16(2), header.getUint16(4)];
  if (answered !== transaction || protocol !== 0 || length < 3 || length > 254) {
    throw new TypeError("Cannot read the answer: it is not Modbus, or not to this request");
  }
  const body = await readExactly(length - 2);
  if (header.getUint8(7) !== code) throw new RangeError(`The device refuses: exception ${body.getUint8(0)}`);
  return body;
}

if (value !== undefined) await request(WRITE_SINGLE_REGISTER, Number(first), Number(value));
const body = await request(READ_HOLDING_REGISTERS, Number(first), Number(count));
for (let index = 0; index < body.getUint8(0) / 2; index++) {
  console.log(`${Number(first) + index}: ${body.getUint16(1 + index * 2)}`);
}
