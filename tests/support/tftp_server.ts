/** A TFTP server by `in.tftpd`. It answers each request from a port of its own. Needs root. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import { onFreeUdpPort, type UdpServer, untilBound } from "./udp_port.ts";

/**
 * Starts a server on 127.0.0.1.
 *
 * @param files What it serves, by name.
 */
export function startTftpServer(files: Readonly<Record<string, Uint8Array>>): Promise<UdpServer> {
  return onFreeUdpPort(async (port) => {
    const directory = await makeTempDirectory("tftp");
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory.path, name), content);
    const { server } = await ServerProcess.start({
      name: "in.tftpd",
      command: "/usr/sbin/in.tftpd",
      args: ["--foreground", "--address", `127.0.0.1:${port}`, "--secure", "--user", "root", directory.path],
      // It prints nothing.
      ready: /^/,
      directory,
    });
    await untilBound(server, port);
    return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
