/** What the network benchmark measures: tasks, contestants, and what Parley aims at. */

/** A runtime that can be measured. */
export type BenchRuntime = "deno" | "bun" | "node";

/** Every runtime. */
export const RUNTIMES: readonly BenchRuntime[] = ["deno", "bun", "node"];

/** One who takes part: the runtime's own calls, the runtime's own web streams, or Parley. */
export type ContestantName = "native" | "web" | "parley";

/** In the order of the first round. */
export const CONTESTANTS: readonly ContestantName[] = ["native", "web", "parley"];

/** A task that every contestant does. */
export type TaskName = "read-byob" | "read-default" | "write" | "ping-pong" | "connect";

/** What Parley's median ratio to another contestant should be. */
export interface Aim {
  /** The other. */
  readonly against: ContestantName;
  /** At least this for a rate, at most this for a duration. */
  readonly limit: number;
}

/** A task, and how its outcome is judged. */
export interface Task {
  /** `rate`: bytes for a second, more is better. `time`: duration of one operation, less is better. */
  readonly measure: "rate" | "time";
  /** What is done, for the reader of the table. */
  readonly title: string;
  /** What Parley should reach on a runtime. */
  aims(runtime: BenchRuntime): readonly Aim[];
}

/** Every task. */
export const TASKS: Readonly<Record<TaskName, Task>> = {
  "read-byob": {
    measure: "rate",
    title: "read into the same 64 KiB again and again",
    aims: () => [{ against: "native", limit: 0.95 }],
  },
  "read-default": {
    measure: "rate",
    title: "read chunk by chunk",
    aims: (runtime) => [{ against: "web", limit: runtime === "deno" ? 1.5 : 1 }],
  },
  "write": {
    measure: "rate",
    title: "write 64 KiB, wait, write again",
    aims: () => [{ against: "native", limit: 0.95 }],
  },
  "ping-pong": {
    measure: "time",
    title: "write 64 bytes, read them back",
    aims: () => [{ against: "native", limit: 1.15 }],
  },
  "connect": { measure: "time", title: "connect and close", aims: () => [] },
};

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
}

/** What a client process says about one run. */
export interface RunFigures {
  /** For a rate: milliseconds for all bytes. For a time: median milliseconds of an operation. */
  readonly wallMs: number;
  /** Processor time of the whole process, user and system, in milliseconds: for all bytes, or for one operation. */
  readonly cpuMs: number;
}
