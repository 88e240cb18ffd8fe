/**
 * One contestant in a process of its own, for `rounds.ts`. Argument 1 is JSON of {@linkcode ClientOrder}. A line on standard
 * input says how much: bytes, datagrams or connections for a rate, milliseconds for a time. One line of JSON answers it.
 */
import process from "node:process";
import { acceptActivity } from "./activities/accept.ts";
import { bytesActivity } from "./activities/bytes.ts";
import { datagramActivity } from "./activities/datagrams.ts";
import type { Activity } from "./activities/measure.ts";
import { startTlsActivity } from "./activities/start_tls.ts";
import { type ClientOrder, TASKS } from "./plan.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as ClientOrder;
const activity = await prepare();
say({ ready: true, version: process.versions[order.runtime] });

let partial = "";
for await (const text of process.stdin) {
  const lines = (partial + String(text)).split("\n");
  partial = lines.pop() ?? "";
  for (const line of lines) say(await activity.run(Number(line)));
}
process.exit(0);

async function prepare(): Promise<Activity> {
  switch (TASKS[order.task].activity) {
    case "bytes":
      return await bytesActivity(await load(""), order);
    case "datagrams":
      return await datagramActivity(await load("datagrams/"), order);
    case "accept":
      return await acceptActivity(await load("accept/"), order);
    case "start-tls":
      return startTlsActivity(await load("start_tls/"), order);
    case "idle":
      throw new TypeError("Cannot measure: memory has processes of its own");
  }
}

async function load<Kind>(folder: string): Promise<Kind> {
  const module = await import(`./contestants/${folder}${moduleName(folder)}.ts`) as { readonly contestant: Kind };
  return module.contestant;
}

function moduleName(folder: string): string {
  const { contestant, runtime } = order;
  if (contestant === "parley") return "parley";
  if (contestant === "node") return "native_node";
  // Bun has no web streams over its own sockets; what its users have is Node's adapter.
  if (contestant === "web") return runtime === "bun" ? "web_node" : `web_${runtime}`;
  // Deno's own datagrams need --unstable-net, and what Bun's own TLS verifies is not said before the handshake.
  const noneOfItsOwn = (folder === "datagrams/" && runtime === "deno") ||
    (folder === "start_tls/" && runtime === "bun");
  return noneOfItsOwn ? "native_node" : `native_${runtime}`;
}

function say(record: unknown): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}
