/** An SNMP agent by `snmpd` of Net-SNMP. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import { onFreeUdpPort, type UdpServer, untilBound } from "./udp_port.ts";

/** Starts an agent on 127.0.0.1 with the community `public`. It logs where each message came from. */
export function startSnmpAgent(): Promise<UdpServer> {
  return onFreeUdpPort(async (port) => {
    const directory = await makeTempDirectory("snmpd");
    const config = join(directory.path, "snmpd.conf");
    const settings = ["rocommunity public 127.0.0.1", "sysDescr A device of the test", "sysName device.example"];
    await writeFile(config, settings.join("\n") + "\n");
    const { server } = await ServerProcess.start({
      name: "snmpd",
      command: "/usr/sbin/snmpd",
      args: ["-f", "-Le", "-a", "-C", "-c", config, "-I", "-smux", `udp:127.0.0.1:${port}`],
      ready: /NET-SNMP version/,
      directory,
      // Names of its own that nothing here needs, and its state elsewhere than in the system's directories.
      env: { MIBS: "", SNMP_PERSISTENT_DIR: directory.path },
    });
    await untilBound(server, port);
    return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
