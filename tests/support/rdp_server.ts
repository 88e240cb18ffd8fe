/** A Remote Desktop server by `xrdp`. No desktop is behind it: it goes as far as the first exchange over TLS. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerServer } from "./echo_server.ts";
import { freePort } from "./free_port.ts";
import { untilListening } from "./listening.ts";
import { writeIdentity } from "./server_identity.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** How the server is set up. */
export interface RdpServerOptions {
  /** Its certificate. */
  readonly identity: TestIdentity;
  /** `negotiate` takes TLS and RDP's own encryption; the others one only. */
  readonly security: "negotiate" | "tls" | "rdp";
}

/** Starts a server on 127.0.0.1. Its log tells what was negotiated. */
export async function startRdpServer({ identity, security }: RdpServerOptions): Promise<PeerServer> {
  const directory = await makeTempDirectory("xrdp");
  const { cert, key } = await writeIdentity(directory.path, identity);
  const port = await freePort();
  const config = join(directory.path, "xrdp.ini");
  await writeFile(config, configuration({ port, cert, key, security }));
  const { server } = await ServerProcess.start({
    name: "xrdp",
    command: "/usr/sbin/xrdp",
    args: ["--nodaemon", "--config", config],
    ready: /listening to port/,
    directory,
  });
  try {
    await untilListening(port);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface Settings {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly security: RdpServerOptions["security"];
}

function configuration({ port, cert, key, security }: Settings): string {
  return [
    "[Globals]",
    "ini_version=1",
    "fork=true",
    `port=tcp://.:${port}`,
    `security_layer=${security}`,
    "crypt_level=high",
    `certificate=${cert}`,
    `key_file=${key}`,
    "ssl_protocols=TLSv1.2, TLSv1.3",
    "[Logging]",
    // To what it calls the console it writes late, and at its end not at all.
    "LogFile=/dev/stdout",
    "LogLevel=DEBUG",
    "EnableSyslog=false",
    "",
  ].join("\n");
}
