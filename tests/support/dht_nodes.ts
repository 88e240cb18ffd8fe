/** Two nodes of the BitTorrent DHT by `transmission-daemon`, which know each other, at the far end of a link. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MAIL_SERVER, NAME_SERVER, type NamespacePair } from "./netns.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** A node. */
export interface DhtNode {
  /** Its address. */
  readonly address: string;
  /** Its port. */
  readonly port: number;
}

/** The node that is told of the other: the one to begin with. */
export const FIRST_NODE: DhtNode = Object.freeze({ address: NAME_SERVER, port: 6881 });
/** The node that it knows of. */
export const SECOND_NODE: DhtNode = Object.freeze({ address: MAIL_SERVER, port: 6882 });

/** Starts both nodes in the router's namespace. */
export async function startDhtNodes(namespaces: NamespacePair): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(await startNode(namespaces, SECOND_NODE, null));
  stack.use(await startNode(namespaces, FIRST_NODE, SECOND_NODE));
  return stack.move();
}

async function startNode(
  namespaces: NamespacePair,
  { address, port }: DhtNode,
  known: DhtNode | null,
): Promise<ServerProcess> {
  const directory = await makeTempDirectory("dht");
  const settings = {
    "bind-address-ipv4": address,
    "peer-port": port,
    "dht-enabled": true,
    "lpd-enabled": false,
    "pex-enabled": false,
    "port-forwarding-enabled": false,
    "rpc-enabled": false,
    "message-level": 3,
    "download-dir": directory.path,
  };
  await writeFile(join(directory.path, "settings.json"), JSON.stringify(settings));
  if (known !== null) await writeFile(join(directory.path, "dht.bootstrap"), `${known.address} ${known.port}\n`);
  const [command = "", ...args] = namespaces.inRouter(["/usr/bin/transmission-daemon", "-f", "-g", directory.path]);
  const { server } = await ServerProcess.start({
    name: "transmission",
    command,
    args,
    ready: known === null ? /DHT initialized/ : /Attempting manual bootstrap/,
    directory,
    env: { HOME: directory.path },
  });
  return server;
}
