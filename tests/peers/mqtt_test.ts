import assert from "node:assert/strict";
import { startMqttBroker } from "../support/mqtt_broker.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["mosquitto"], async (stack, { pki }) => ({
  broker: stack.use(await startMqttBroker(pki.server)),
}));

const PLAIN = { name: "IoT by MQTT", shows: "publishes a message and gets it from its subscription" };
testUseCase(test, PLAIN, async (runtime, { broker }) => {
  const url = `mqtt://localhost:${broker.port}`;
  const topic = `plain/${runtime}`;
  const result = await runExample(runtime, ["mqtt", url, topic, "on \u2714"], { allow: `localhost:${broker.port}` });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(utf8(result.stdout), `${topic}: on \u2714\n`);
  await broker.process.waitForLog(new RegExp(`Received PUBLISH from .*q1.*'${topic}', \\.\\.\\. \\(6 bytes\\)`));
});

const TLS = { name: "IoT by MQTT", shows: "does so over TLS with an authority of its own" };
testUseCase(test, TLS, async (runtime, { broker, caFile }) => {
  const url = `mqtts://localhost:${broker.tlsPort}`;
  const topic = `tls/${runtime}`;
  const options = { allow: `localhost:${broker.tlsPort}`, env: { MQTT_CA: caFile } };
  const { status, stdout, stderr } = await runExample(runtime, ["mqtt", url, topic, "on"], options);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, `${topic}: on\n`);
  assert.match(stderr, /TLSv1\.3, certificate for localhost checked by the program's own CA/);
  await broker.process.waitForLog(new RegExp(`Received PUBLISH from .*'${topic}'`));
});

const UNTRUSTED = { name: "IoT by MQTT", shows: "says nothing to a broker whose certificate cannot be trusted" };
testUseCase(test, UNTRUSTED, async (runtime, { broker }) => {
  const url = `mqtts://localhost:${broker.tlsPort}`;
  const topic = `untrusted/${runtime}`;
  const allow = `localhost:${broker.tlsPort}`;
  const { status, stdout, stderr } = await runExample(runtime, ["mqtt", url, topic, "on"], { allow });
  assert.notEqual(status, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /TLS_UNTRUSTED/);
  assert.ok(!broker.process.log().includes(topic));
});

/** The outputs of programs are bytes as Latin-1. */
function utf8(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
