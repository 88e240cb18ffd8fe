import assert from "node:assert/strict";
import { eachRuntime, RUNTIMES } from "../support/each_runtime.ts";
import { startModbusServer } from "../support/modbus_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["python3-pymodbus", "python3-serial-asyncio"], async (stack) => {
  const device = stack.use(await startModbusServer());
  return { device, where: ["localhost", String(device.port)] as const, allow: `localhost:${device.port}` };
});

const BY_HAND = { name: "Modbus/TCP", shows: "writes a register and reads it back" };
testUseCase(test, BY_HAND, async (runtime, { device, where, allow }) => {
  const from = device.process.log().length;
  const value = 65_500 + RUNTIMES.indexOf(runtime);
  const run = await runExample(runtime, ["modbus_registers", ...where, "100", "4", String(value)], { allow });
  assert.deepEqual([run.status, run.stdout], [0, `100: ${value}\n101: 1001\n102: 1002\n103: 1003\n`], run.stderr);
  // The device reads back what it was told to write, too.
  const told = new RegExp(`^WRITE 100 ${value}\nREAD 100 ${value}\nREAD 100 ${value} 1001 1002 1003$`, "m");
  assert.match(device.process.log().slice(from), told);
});

const BY_LIBRARY = { name: "Modbus/TCP by jsmodbus", shows: "writes registers and reads them back" };
testUseCase(test, BY_LIBRARY, async (runtime, { device, where, allow }) => {
  const from = device.process.log().length;
  const values = [1, 2].map((value) => String(3 * RUNTIMES.indexOf(runtime) + value));
  const run = await runExample(runtime, ["modbus_client", ...where, "105", "3", ...values], { allow });
  assert.deepEqual([run.status, run.stdout], [0, `105: ${values[0]}\n106: ${values[1]}\n107: 1007\n`], run.stderr);
  const told = new RegExp(`^WRITE 105 ${values.join(" ")}\nREAD 105 ${values.join(" ")} 1007$`, "m");
  assert.match(device.process.log().slice(from), told);
});

test("NET-21 Modbus/TCP: a device's refusal ends both examples with its exception", async ({ where, allow }) => {
  await eachRuntime(async (runtime) => {
    const byHand = await runExample(runtime, ["modbus_registers", ...where, "109", "4"], { allow });
    assert.equal(byHand.status, 1);
    assert.match(byHand.stderr, /The device refuses: exception 2/);
    const byLibrary = await runExample(runtime, ["modbus_client", ...where, "109", "4"], { allow });
    assert.equal(byLibrary.status, 1);
    assert.match(byLibrary.stderr, /ILLEGAL DATA ADDRESS/);
  });
});

test("NET-01 NET-21 Modbus/TCP: without approval nothing reaches the device, by the library neither", async (peers) => {
  const { device, where } = peers;
  const before = device.process.log();
  await eachRuntime(async (runtime) => {
    for (const example of ["modbus_registers", "modbus_client"]) {
      const { status, stdout, stderr } = await runExample(runtime, [example, ...where, "100", "1", "7"], { allow: "" });
      assert.deepEqual([status, stdout], [1, ""], stderr);
      assert.match(
        stderr,
        /^parley: refused file:\/\/\S+ a connection to localhost:\d+: there is no terminal to ask at/m,
      );
    }
  });
  assert.equal(device.process.log(), before);
});
