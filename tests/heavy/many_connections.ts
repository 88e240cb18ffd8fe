/**
 * Very many connections to an echo server on some runtime, by Parley and by the runtime's own calls: what each costs in
 * memory while it is idle, and how many messages a part of them exchanges.
 * `deno run -A tests/heavy/many_connections.ts` prints it; absolute times say nothing on a shared machine, ratios do.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIMES } from "../support/each_runtime.ts";
import { RecordProcess } from "../support/record_process.ts";
import { runtimePath, type TestRuntime } from "../support/runtimes.ts";

/** Who serves. */
export type ServerKind = "parley" | "native";

/** How many. */
export interface LoadOptions {
  /** Connections on which nothing passes. */
  readonly idle: number;
  /** Connections that exchange messages. */
  readonly active: number;
  /** Messages of 1 KiB there and back on each of these. */
  readonly rounds: number;
}

/** What was measured. */
export interface LoadFigures {
  /** Connections the server counted. */
  readonly accepted: number;
  /** Connections still open in the end. */
  readonly open: number;
  /** Messages that came back, each byte checked. */
  readonly messages: number;
  /** Resident memory of the server per connection, in KiB, over what it was before the first. */
  readonly kibPerConnection: number;
  /** Messages a second. */
  readonly messagesPerSecond: number;
}

/** What the whole test does. */
export const FULL_LOAD: LoadOptions = Object.freeze({ idle: 9_000, active: 1_000, rounds: 20 });

const program = (name: string): string => fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));

/**
 * Measures one server.
 *
 * @param runtime The server's runtime. The clients run on Node.
 * @param kind Who serves.
 * @param load How many.
 */
export async function measureServer(runtime: TestRuntime, kind: ServerKind, load: LoadOptions): Promise<LoadFigures> {
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  const env = { ...process.env, PARLEY_ALLOW: "listen://127.0.0.1:0" };
  const server = new RecordProcess([await runtimePath(runtime), ...flags, program("echo_server"), kind], { env });
  try {
    const { port } = (await server.record({ is: "listening" })).record;
    const before = await state(server, 1);
    const counts = [port, load.idle, load.active, load.rounds].map(String);
    const client = new RecordProcess([await runtimePath("node"), program("echo_load"), ...counts]);
    try {
      await client.record({ is: "open" });
      const full = await allAccepted(server, load.idle + load.active);
      client.send("go");
      const { messages, elapsedMs, open } = (await client.record({ is: "done" })).record;
      return {
        accepted: full.connections,
        open: Number(open),
        messages: Number(messages),
        kibPerConnection: (full.residentKib - before.residentKib) / (load.idle + load.active),
        messagesPerSecond: Number(messages) / (Number(elapsedMs) / 1000),
      };
    } finally {
      await client[Symbol.asyncDispose]();
    }
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

/** One line of figures, for people. */
export function describeFigures(runtime: TestRuntime, kind: ServerKind, figures: LoadFigures): string {
  const { accepted, kibPerConnection, messagesPerSecond } = figures;
  return `${runtime} ${kind}: ${accepted} connections, ${kibPerConnection.toFixed(1)} KiB each, ` +
    `${Math.round(messagesPerSecond)} messages/s`;
}

/** A connection stands before its server has taken it: asks until all are taken, or no more come. */
async function allAccepted(server: RecordProcess, wanted: number): Promise<Awaited<ReturnType<typeof state>>> {
  let last = await state(server, 2);
  for (let number = 3, still = 0; last.connections < wanted && still < 40; number++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const next = await state(server, number);
    still = next.connections === last.connections ? still + 1 : 0;
    last = next;
  }
  return last;
}

async function state(server: RecordProcess, number: number): Promise<{ connections: number; residentKib: number }> {
  server.send("state");
  const { connections, residentKib } = (await server.record({ is: "state", number })).record;
  return { connections: Number(connections), residentKib: Number(residentKib) };
}

if (import.meta.main) {
  for (const runtime of RUNTIMES) {
    for (const kind of ["native", "parley"] as const) {
      console.log(describeFigures(runtime, kind, await measureServer(runtime, kind, FULL_LOAD)));
    }
  }
}
