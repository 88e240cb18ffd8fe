/**
 * Two network namespaces and a link between them: in one the program under test, in the other a name server and a mail
 * server of our own. Nothing outside is reachable from either. The addresses look public, because Parley refuses names
 * that lead to private ones; they exist in the namespaces only.
 *
 * Needs root, and the Debian packages iproute2, tcpdump and python3.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RecordProcess } from "./record_process.ts";

/** Where the name server is. */
export const NAME_SERVER: string = "198.51.45.53";
/** Where the mail server is; its port is 25. */
export const MAIL_SERVER: string = "198.51.45.25";
/** A private address at which the mail server listens too: what a hostile name would lead to. */
export const PRIVATE_SERVER: string = "10.7.7.7";
/** The router: the other end of the link. Whatever is sent to its port 9 is dropped. */
export const ROUTER: string = "203.0.114.2";
/** The end of the link in the client's namespace. */
export const CLIENT: string = "203.0.114.1";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";
const SERVER = fileURLToPath(new URL("./namespace_server.py", import.meta.url));
const CONFIGURATION = "/etc/netns";
let count = 0;

/**
 * Why tests in network namespaces cannot run here.
 *
 * @returns A reason to skip, or null.
 */
export async function netnsMissing(): Promise<string | null> {
  const witnesses = [["iproute2", "/usr/sbin/ip"], ["tcpdump", "/usr/bin/tcpdump"], ["python3", PYTHON]] as const;
  const missing = witnesses.find(([, file]) => !existsSync(file));
  if (missing !== undefined) return `the Debian package ${missing[0]} is missing`;
  if (process.getuid?.() !== 0) return "needs root";
  const name = `parley-${process.pid}-probe`;
  try {
    await ip("netns", "add", name);
    await ip("netns", "exec", name, "true");
    return null;
  } catch {
    return "network namespaces are not available";
  } finally {
    await ip("netns", "delete", name).catch(() => {});
  }
}

/** What the name server knows: addresses by name. */
export type NameRecords = Readonly<Record<string, readonly string[]>>;

/** The pair of namespaces. Dispose of it: that removes both. */
export class NamespacePair {
  readonly #client: string;
  readonly #router: string;
  #server: RecordProcess | null = null;

  /** @param id Part of their names. Use {@linkcode NamespacePair.create}, which also makes them. */
  constructor(id: string) {
    this.#client = `parley-${id}-client`;
    this.#router = `parley-${id}-router`;
  }

  /**
   * Makes the namespaces and starts the servers.
   *
   * @param records What the name server answers.
   */
  static async create(records: NameRecords): Promise<NamespacePair> {
    await removeStale();
    const pair = new NamespacePair(`${process.pid}-${++count}`);
    try {
      await pair.#connect(pair.clientInterface, pair.routerInterface);
      await pair.#serve(records);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the servers saw: records `query` (`name`, `type`), `accepted`, `received` (`text`) and `ended`. */
  get server(): RecordProcess {
    if (this.#server === null) throw new TypeError("Cannot use the server: it was not started");
    return this.#server;
  }

  /** The command that runs a command in the client's namespace, where `/etc/resolv.conf` names our name server. */
  inClient(argv: readonly string[]): string[] {
    return ["/usr/sbin/ip", "netns", "exec", this.#client, ...argv];
  }

  /** The command that runs a command at the other end of the link. */
  inRouter(argv: readonly string[]): string[] {
    return ["/usr/sbin/ip", "netns", "exec", this.#router, ...argv];
  }

  /** Name of the link's end in the client's namespace. */
  get clientInterface(): string {
    return `pc${process.pid}`;
  }

  /** Name of the link's other end. */
  get routerInterface(): string {
    return `pr${process.pid}`;
  }

  /** Ends the servers and removes the namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await removeNamespace(this.#client);
    await removeNamespace(this.#router);
  }

  async #connect(clientEnd: string, routerEnd: string): Promise<void> {
    const [client, router] = [this.#client, this.#router];
    await ip("netns", "add", client);
    await ip("netns", "add", router);
    await ip("-n", client, "link", "add", clientEnd, "type", "veth", "peer", "name", routerEnd, "netns", router);
    const setUp: readonly (readonly [string, ...string[]])[] = [
      [client, "link", "set", "lo", "up"],
      [router, "link", "set", "lo", "up"],
      [client, "address", "add", `${CLIENT}/30`, "dev", clientEnd],
      [router, "address", "add", `${ROUTER}/30`, "dev", routerEnd],
      // Behind the router, not on the link: an address on the client's own network is refused (NET-14).
      [router, "address", "add", `${NAME_SERVER}/32`, "dev", "lo"],
      [router, "address", "add", `${MAIL_SERVER}/32`, "dev", "lo"],
      [router, "address", "add", `${PRIVATE_SERVER}/32`, "dev", "lo"],
      [client, "link", "set", clientEnd, "up"],
      [router, "link", "set", routerEnd, "up"],
      // What goes to a private address leaves by this route too, so that the capture would show it.
      [client, "route", "add", "default", "via", ROUTER],
    ];
    for (const [namespace, ...args] of setUp) await ip("-n", namespace, ...args);
    await untilUp(client, clientEnd);
    await untilUp(router, routerEnd);
    await mkdir(`${CONFIGURATION}/${client}`, { recursive: true });
    await writeFile(`${CONFIGURATION}/${client}/resolv.conf`, `nameserver ${NAME_SERVER}\noptions attempts:1\n`);
  }

  async #serve(records: NameRecords): Promise<void> {
    const args = [SERVER, NAME_SERVER, `${MAIL_SERVER},${PRIVATE_SERVER}`, JSON.stringify(records)];
    this.#server = new RecordProcess(["/usr/sbin/ip", "netns", "exec", this.#router, PYTHON, ...args]);
    await this.#server.record({ event: "ready" });
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  await run("/usr/sbin/ip", args);
}

/** An interface is listed by the system as running only once its other end is up, too, and that takes a moment. */
async function untilUp(namespace: string, name: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { stdout } = await run("/usr/sbin/ip", ["-n", namespace, "-oneline", "link", "show", "dev", name]);
    if (stdout.includes("LOWER_UP") && stdout.includes("state UP")) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new TypeError(`Cannot use the link ${name}: it did not come up`);
}

async function removeNamespace(name: string): Promise<void> {
  await ip("netns", "delete", name).catch(() => {});
  await rm(`${CONFIGURATION}/${name}`, { recursive: true, force: true });
}

/** What a run that was killed has left behind. */
async function removeStale(): Promise<void> {
  for (const folder of ["/run/netns", CONFIGURATION]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const pid = /^parley-(\d+)-/.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeNamespace(name);
    }
  }
}
