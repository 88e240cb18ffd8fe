/** What the network benchmark measures: tasks, contestants, and what Parley aims at. */

/** A runtime that can be measured. */
export type BenchRuntime = "deno" | "bun" | "node";

/** Every runtime. */
export const RUNTIMES: readonly BenchRuntime[] = ["deno", "bun", "node"];

/**
 * One who takes part: the runtime's own calls, the runtime's own web streams, its `node:` modules where those are not its own
 * calls, or Parley.
 */
export type ContestantName = "native" | "web" | "node" | "parley";

/** A task that its contestants do. */
export type TaskName =
  | "read-byob"
  | "read-default"
  | "write"
  | "ping-pong"
  | "connect"
  | "udp-send"
  | "udp-write"
  | "udp-receive"
  | "udp-read"
  | "udp-echo"
  | "accept"
  | "start-tls"
  | "idle-connection";

/** What Parley's median ratio to another contestant should be. */
export interface Aim {
  /** The other. */
  readonly against: ContestantName;
  /** At least this for a rate, at most this for a duration. */
  readonly limit: number;
}

/** Who does a task: over bytes of a connection, datagrams, a listening socket, a handshake, or by lying idle. */
export type Activity = "bytes" | "datagrams" | "accept" | "start-tls" | "idle";

/** A task, and how its outcome is judged. */
export interface Task {
  /** What its contestants use. */
  readonly activity: Activity;
  /** `rate`: so much for a second, more is better. `time`: duration of one operation, `memory`: KiB for one; less is better. */
  readonly measure: "rate" | "time" | "memory";
  /** What is done, for the reader of the table. */
  readonly title: string;
  /** Who takes part beside the runtime's own calls and Parley, on a runtime; null for nobody. */
  other(runtime: BenchRuntime): "web" | "node" | null;
  /** What Parley should reach on a runtime. */
  aims(runtime: BenchRuntime): readonly Aim[];
}

const web = (): "web" => "web";
const onlyOn = (wanted: BenchRuntime) => (runtime: BenchRuntime): "node" | null => runtime === wanted ? "node" : null;
const nativeBy = (limit: number) => (): readonly Aim[] => [{ against: "native", limit }];
const noAim = (): readonly Aim[] => [];

const DATAGRAMS = { activity: "datagrams", other: onlyOn("bun") } as const;

/** Every task. */
export const TASKS: Readonly<Record<TaskName, Task>> = {
  "read-byob": {
    activity: "bytes",
    measure: "rate",
    title: "read into the same 64 KiB again and again",
    other: web,
    aims: nativeBy(0.95),
  },
  "read-default": {
    activity: "bytes",
    measure: "rate",
    title: "read chunk by chunk",
    other: web,
    aims: (runtime) => [{ against: "web", limit: runtime === "deno" ? 1.5 : 1 }],
  },
  "write": {
    activity: "bytes",
    measure: "rate",
    title: "write 64 KiB, wait, write again",
    other: web,
    aims: nativeBy(0.95),
  },
  "ping-pong": {
    activity: "bytes",
    measure: "time",
    title: "write 64 bytes, read them back",
    other: web,
    aims: nativeBy(1.15),
  },
  "connect": { activity: "bytes", measure: "time", title: "connect and close", other: web, aims: noAim },
  "udp-send": { ...DATAGRAMS, measure: "rate", title: "send() of 512 bytes, 64 under way", aims: nativeBy(0.9) },
  "udp-write": { ...DATAGRAMS, measure: "rate", title: "512 bytes to the writable, 64 queued", aims: nativeBy(0.9) },
  "udp-receive": { ...DATAGRAMS, measure: "rate", title: "512 bytes each, by iteration", aims: nativeBy(0.9) },
  "udp-read": { ...DATAGRAMS, measure: "rate", title: "512 bytes each, from the readable", aims: nativeBy(0.9) },
  "udp-echo": { ...DATAGRAMS, measure: "time", title: "send 64 bytes, wait for them to come back", aims: noAim },
  "accept": { activity: "accept", measure: "rate", title: "accept and close", other: () => null, aims: noAim },
  "start-tls": {
    activity: "start-tls",
    measure: "time",
    title: "upgrade an open connection to TLS",
    other: onlyOn("deno"),
    aims: noAim,
  },
  "idle-connection": {
    activity: "idle",
    measure: "memory",
    title: "memory of a server for each idle connection",
    other: () => null,
    aims: noAim,
  },
};

/** Who takes part, in the order of the first round. */
export function contestantsOf(task: TaskName, runtime: BenchRuntime): readonly ContestantName[] {
  const other = TASKS[task].other(runtime);
  return other === null ? ["native", "parley"] : ["native", other, "parley"];
}

/** What a client process is told at its start, as JSON. */
export interface ClientOrder {
  /** Which runtime it is. */
  readonly runtime: BenchRuntime;
  /** Which contestant it plays. */
  readonly contestant: ContestantName;
  /** What it does. */
  readonly task: TaskName;
  /** Port of the peer. */
  readonly port: number;
  /** PEM certificate of the authority that signed the peer's, for a handshake; else empty. */
  readonly ca: string;
}

/** What is known about one run. */
export interface RunFigures {
  /** For a rate: milliseconds for all of it. For a time: median milliseconds of an operation. For memory: KiB for one. */
  readonly cost: number;
  /** Processor time of the whole process, user and system, in milliseconds: for all of it, or for one operation; null for memory. */
  readonly cpuMs: number | null;
}
