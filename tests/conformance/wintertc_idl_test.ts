import assert from "node:assert/strict";
import { connect } from "../../net/wintertc.ts";
import { Socket } from "../../net/faces/wintertc/mod.ts";
import { ONCE } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { bindingDifferences } from "./binding_check.ts";
import { conversionDifferences } from "./conversion_check.ts";
import { makeFaces, PORT } from "./faces.ts";
import { readIdl } from "./idl_model.ts";
import { type Extensions, interfaceDifferences } from "./interface_check.ts";
import { knownDifferences } from "./known_differences.ts";
import { dictionaryDifferences } from "./value_check.ts";

const model = await readIdl("wintertc_sockets");
const DESTINATION = { hostname: "host.example", port: PORT };

const EXTENSIONS: Extensions = new Map<string | symbol, string>([
  ["secureTransport", "of the proposal's pull request 32, and workerd has it (WT-15)"],
  [Symbol.asyncDispose, "for await using"],
]);

test("WT-21 Socket is the interface of the text: properties, names, lengths, errors, and nothing undeclared", async () => {
  const { winterTc } = makeFaces([ONCE]);
  await using socket = winterTc.connect(DESTINATION);
  const idl = model.interfaces.get("Socket");
  assert.ok(idl);
  const subject = { Class: Socket, instance: socket, extensions: EXTENSIONS };
  assert.deepEqual(await interfaceDifferences(idl, subject, model), knownDifferences("WinterTC Socket"));
});

for (const [title, holder] of [["a binding object", makeFaces().winterTc], ["the module", { connect }]] as const) {
  test(`WT-01 connect() of ${title} is the operation of the text`, async () => {
    const idl = model.interfaces.get("Connect");
    assert.ok(idl);
    assert.deepEqual(await bindingDifferences(idl, holder), knownDifferences(`WinterTC connect() of ${title}`));
  });
}

test("WT-04 SocketOptions is converted as the text defines it", async () => {
  const convert = async (options: unknown): Promise<void> => {
    await makeFaces().winterTc.connect(DESTINATION, options as never).close();
  };
  const valid = { secureTransport: "on", sni: "host.example", alpn: ["h2"], allowHalfOpen: false };
  const dictionary = { name: "SocketOptions", model, valid, convert };
  assert.deepEqual(await conversionDifferences(dictionary), knownDifferences("WinterTC SocketOptions"));
});

test("WT-03 SocketAddress is converted as the text defines it", async () => {
  const convert = async (address: unknown): Promise<void> => {
    await makeFaces().winterTc.connect(address as never).close();
  };
  const dictionary = { name: "SocketAddress", model, valid: DESTINATION, convert };
  assert.deepEqual(await conversionDifferences(dictionary), knownDifferences("WinterTC SocketAddress"));
});

test("WT-05 SocketInfo is the dictionary of the text", async () => {
  const { winterTc } = makeFaces([ONCE]);
  await using socket = winterTc.connect(DESTINATION);
  const differences = dictionaryDifferences(await socket.opened, { name: "SocketInfo", model, absent: [] });
  assert.deepEqual(differences, knownDifferences("WinterTC SocketInfo"));
});
