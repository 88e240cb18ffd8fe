/**
 * The rebinding lab: a program in a network namespace whose system resolver asks a real `dnsmasq`, which says whatever an
 * attacker would. A capture sees every packet that leaves, those to the machine itself included.
 *
 * Needs root, and the Debian packages dnsmasq-base, iproute2, tcpdump and python3.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { MAIL_SERVER, NamespacePair, PRIVATE_SERVER, ROUTER } from "./netns.ts";
import { type CapturedPacket, PacketCapture } from "./packet_capture.ts";
import { CNAMES, hostsOf } from "./rebinding_cases.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** Where `dnsmasq` is. */
const LAB_NAME_SERVER = "198.51.45.54";
/** Global IPv6 addresses on the link, as at home: this machine's, and its neighbour's. */
export const CLIENT_IPV6: string = "2a00:1450:77::1";
/** The neighbour's. */
export const ROUTER_IPV6: string = "2a00:1450:77::2";
/** Appended by a resolver that takes a name for a relative one. */
export const SEARCH_SUFFIX: string = "corp.test";

const run = promisify(execFile);
const SHOW_TENTATIVE = ["ip", "-6", "-oneline", "address", "show", "tentative"];
const QUERY = /query\[(\w+)\] (\S+) from/g;
/** Whoever sends from here is not the program. */
const FAR_SOURCES: ReadonlySet<string> = new Set([MAIL_SERVER, PRIVATE_SERVER, LAB_NAME_SERVER, ROUTER, ROUTER_IPV6]);
/** Questions to the name server and to neighbours, and what goes to the one honest server. */
const EXPECTED = [`${LAB_NAME_SERVER}.53`, `${MAIL_SERVER}.25`, "224.0.0.251.5353", "ff02::fb.5353"];

/** What the name server says: the truth, or what an attacker wants. */
export type Stance = "honest" | "hostile";

/** The lab. Dispose of it: that ends the servers and removes the namespaces. */
export class RebindingLab implements AsyncDisposable {
  /** The namespaces, and the mail server's records. */
  readonly namespaces: NamespacePair;
  readonly #names: ServerProcess;
  readonly #hosts: string;
  readonly #stack: AsyncDisposableStack;

  /** @param parts Use {@linkcode RebindingLab.create}. */
  constructor(parts: {
    readonly namespaces: NamespacePair;
    readonly names: ServerProcess;
    readonly hosts: string;
    readonly stack: AsyncDisposableStack;
  }) {
    this.namespaces = parts.namespaces;
    this.#names = parts.names;
    this.#hosts = parts.hosts;
    this.#stack = parts.stack;
  }

  /** Makes the namespaces and starts the servers; the name server is hostile at first. */
  static async create(): Promise<RebindingLab> {
    await using building = new AsyncDisposableStack();
    const namespaces = building.use(await NamespacePair.create({}));
    await connect(namespaces);
    const directory = await makeTempDirectory("rebinding");
    const hosts = join(directory.path, "hosts");
    await writeFile(hosts, hostsOf("hostile"));
    const [command = "", ...args] = namespaces.inRouter(["/usr/sbin/dnsmasq", ...nameServerFlags(hosts)]);
    const ready = /read \S+hosts - \d+/;
    const { server } = await ServerProcess.start({ name: "dnsmasq", command, args, ready, directory });
    const names = building.use(server);
    return new RebindingLab({ namespaces, names, hosts, stack: building.move() });
  }

  /** Changes what the name server says, with a time to live of 0. */
  async turn(stance: Stance): Promise<void> {
    const from = this.#names.log().length;
    await writeFile(this.#hosts, hostsOf(stance));
    await run("/bin/kill", ["-HUP", String(this.#names.pid)]);
    await this.#names.waitForLog(/read \S+hosts - \d+/, { from });
  }

  /** The names that were asked for so far, each once. */
  get asked(): readonly string[] {
    return [...new Set([...this.#names.log().matchAll(QUERY)].map(([, , name = ""]) => name.toLowerCase()))];
  }

  /** How many connections the servers behind the router took so far. */
  get accepted(): number {
    return this.namespaces.server.records.filter(({ record }) => record["event"] === "accepted").length;
  }

  /** Starts a capture of what the program sends. */
  capture(): Promise<PacketCapture> {
    return PacketCapture.start(this.namespaces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/**
 * The packets that a program should not have sent: all but questions, and what goes to the honest server.
 *
 * @param packets What a capture has.
 */
export function strays(packets: readonly CapturedPacket[]): string[] {
  return packets.filter(({ to, line }) => {
    const source = (/ (\S+) > \S+: /.exec(line)?.[1] ?? "").replace(/\.\d+$/, "");
    return !FAR_SOURCES.has(source) && !EXPECTED.includes(to);
  }).map(({ line }) => line);
}

async function connect(namespaces: NamespacePair): Promise<void> {
  const { clientInterface, routerInterface } = namespaces;
  const inNamespaces: readonly (readonly string[])[] = [
    namespaces.inRouter(["ip", "address", "add", `${LAB_NAME_SERVER}/32`, "dev", "lo"]),
    namespaces.inRouter(["ip", "address", "add", `${ROUTER_IPV6}/64`, "dev", routerInterface, "nodad"]),
    namespaces.inClient(["ip", "address", "add", `${CLIENT_IPV6}/64`, "dev", clientInterface, "nodad"]),
    namespaces.inClient(["ip", "-6", "route", "add", "default", "via", ROUTER_IPV6]),
  ];
  for (const [program = "", ...args] of inNamespaces) await run(program, args);
  await untilSettled(namespaces.inClient(SHOW_TENTATIVE));
  await untilSettled(namespaces.inRouter(SHOW_TENTATIVE));
  const [, , , name = ""] = namespaces.inClient([]);
  const lines = [`nameserver ${LAB_NAME_SERVER}`, `search ${SEARCH_SUFFIX}`, "options attempts:1 timeout:3", ""];
  // Put in place for each command that is run there.
  await writeFile(`/etc/netns/${name}/resolv.conf`, lines.join("\n"));
}

/** A link-local address cannot be used until the system has made sure that nobody else has it. */
async function untilSettled([program = "", ...args]: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await run(program, args)).stdout.trim() === "") return;
    await delay(20);
  }
  throw new TypeError("Cannot use the link: its addresses stay tentative");
}

function nameServerFlags(hosts: string): string[] {
  return [
    ...["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv", "--no-hosts", "--user="],
    ...["--log-queries", "--log-facility=-", `--listen-address=${LAB_NAME_SERVER}`, "--bind-interfaces", "--port=53"],
    ...["--local-ttl=0", "--cache-size=0", `--addn-hosts=${hosts}`, "--local=/test/", "--local=/local/"],
    ...CNAMES.map(([alias, target]) => `--cname=${alias},${target}`),
  ];
}
