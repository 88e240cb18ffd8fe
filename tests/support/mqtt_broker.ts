/** An MQTT broker by `mosquitto`, in plaintext and with TLS. It prints what it does. */
import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { PeerServer } from "./echo_server.ts";
import { onFreePorts } from "./on_free_ports.ts";
import { ServerProcess } from "./server_process.ts";
import { writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** A running broker. */
export interface MqttBroker extends PeerServer {
  /** Port with TLS. */
  readonly tlsPort: number;
}

/** Starts a broker on 127.0.0.1 that takes everybody. */
export function startMqttBroker(identity: TestIdentity): Promise<MqttBroker> {
  return onFreePorts(2, async (port = 0, tlsPort = 0) => {
    const directory = await makeTempDirectory("mosquitto");
    const { cert, key } = await writeIdentity(directory.path, identity);
    const config = join(directory.path, "mosquitto.conf");
    const lines = [
      `user ${userInfo().username}`,
      "allow_anonymous true",
      "log_type all",
      "log_dest stderr",
      `listener ${port} 127.0.0.1`,
      `listener ${tlsPort} 127.0.0.1`,
      `certfile ${cert}`,
      `keyfile ${key}`,
    ];
    await writeFile(config, lines.join("\n") + "\n");
    const { server } = await ServerProcess.start({
      name: "mosquitto",
      command: "/usr/sbin/mosquitto",
      args: ["-c", config],
      ready: /mosquitto version \S+ running/,
      directory,
    });
    return { port, tlsPort, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
