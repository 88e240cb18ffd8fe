/** A time server by `chronyd`, which leaves the clock of this machine alone. */
import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import { onFreeUdpPort, type UdpServer, untilBound } from "./udp_port.ts";

/** The library that sets a program's clock off from that of the machine, by `FAKETIME`. */
export const FAKETIME_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/** A time server. */
export interface TimeServer extends UdpServer {
  /** How many requests it has received so far. */
  requests(): Promise<number>;
}

/** Starts a time server on 127.0.0.1. Its stratum is 8. */
export function startTimeServer(): Promise<TimeServer> {
  return onFreeUdpPort(async (port) => {
    const directory = await makeTempDirectory("chrony");
    // It takes no commands in a directory that others can enter.
    await chmod(directory.path, 0o700);
    const [config, socket] = ["chrony.conf", "chronyd.sock"].map((name) => join(directory.path, name)) as [
      string,
      string,
    ];
    const settings = [
      `port ${port}`,
      "bindaddress 127.0.0.1",
      "allow 127.0.0.1",
      "local stratum 8",
      "cmdport 0",
      `bindcmdaddress ${socket}`,
      `pidfile ${join(directory.path, "chronyd.pid")}`,
      `user ${userInfo().username}`,
    ];
    await writeFile(config, settings.join("\n") + "\n");
    const { server } = await ServerProcess.start({
      name: "chronyd",
      command: "/usr/sbin/chronyd",
      args: ["-d", "-x", "-U", "-f", config],
      ready: /starting/,
      directory,
    });
    await untilBound(server, port);
    return {
      port,
      process: server,
      requests: () => countRequests(socket),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
}

async function countRequests(socket: string): Promise<number> {
  const { stdout } = await promisify(execFile)("/usr/bin/chronyc", ["-h", socket, "-c", "serverstats"]);
  return Number(stdout.split(",")[0]);
}
