/**
 * Publishes a message with the mqtt package, and prints it when the broker brings it back:
 * `PARLEY_ALLOW=broker.example.org:8883 bun examples/mqtt.ts mqtts://broker.example.org home/lamp on`
 *
 * `mqtt:` is without TLS. MQTT_CA names a file with the authority to trust, where it is a private one.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { ParleySocket } from "@parley/parley/node";
import { MqttClient } from "mqtt";

const [url = "mqtt://localhost", topic = "home/lamp", message = "on"] = process.argv.slice(2);
const { protocol, hostname: host, port } = new URL(url);
const { MQTT_CA } = process.env;
const tls = MQTT_CA === undefined ? {} : { ca: await readFile(MQTT_CA, "utf8") };
const secure = protocol === "mqtts:";
const openOptions = secure ? { secureTransport: "on", tls } as const : {};

// mqtt asks for a stream whenever it connects. By default it does so for ever, and each time is a question to the operator.
const client = new MqttClient(
  () => new ParleySocket({ openOptions }).connect({ host, port: port || (secure ? 8883 : 1883) }),
  { reconnectPeriod: 0 },
);
// Fails when it is not approved, TLS cannot be trusted, or the broker does not want us.
await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));

client.on("message", (from, payload) => {
  console.log(`${from}: ${payload}`);
  client.end();
});
await client.subscribeAsync(topic, { qos: 1 });
await client.publishAsync(topic, message, { qos: 1 });
