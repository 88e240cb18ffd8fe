/** A printer that announces itself by multicast DNS, with `avahi-daemon`, at the far end of a link. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NamespacePair } from "./netns.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** What the printer is called. */
export const PRINTER_NAME = "Printer of the test";

/** Starts the responder in the router's namespace, without a system bus and with directories of its own. */
export async function startMdnsResponder(namespaces: NamespacePair): Promise<ServerProcess> {
  const directory = await makeTempDirectory("avahi");
  const [config, services] = [join(directory.path, "avahi.conf"), join(directory.path, "services")];
  await writeFile(config, configuration(namespaces.routerInterface));
  await mkdir(services);
  await writeFile(join(services, "printer.service"), SERVICE);
  // Where it looks for services and keeps its lock cannot be told: the places are put over in a mount namespace.
  const script = [
    "mount -t tmpfs none /run",
    "mkdir /run/avahi-daemon",
    'mount --bind "$1" /etc/avahi/services',
    'exec /usr/sbin/avahi-daemon -f "$2" --no-drop-root --no-chroot --no-rlimits',
  ].join(" && ");
  const argv = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh", services, config];
  const [command = "", ...args] = namespaces.inRouter(argv);
  const { server } = await ServerProcess.start({
    name: "avahi-daemon",
    command,
    args,
    ready: /Service "[^"]+" \([^)]+\) successfully established/,
    directory,
  });
  return server;
}

function configuration(interfaceName: string): string {
  return [
    "[server]",
    "host-name=printer",
    "use-ipv6=no",
    "enable-dbus=no",
    `allow-interfaces=${interfaceName}`,
    "[wide-area]",
    "enable-wide-area=no",
    "[publish]",
    "publish-hinfo=no",
    "publish-workstation=no",
    "",
  ].join("\n");
}

const SERVICE = `<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>${PRINTER_NAME}</name>
  <service><type>_ipp._tcp</type><port>631</port><txt-record>rp=ipp/print</txt-record></service>
</service-group>
`;
