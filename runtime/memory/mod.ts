/** The host that reaches nothing real: for documentation examples and tests. */
import type { Clock } from "../../core/clock.ts";
import type { NetBackend } from "../../net/port.ts";
import type { TerminalBackend } from "../../permissions/terminal/port.ts";
import type { Host } from "../host.ts";
import { systemClock } from "../system_clock.ts";
import { ExampleNetwork } from "./example_network.ts";

/** Parts of a memory host that a test replaces. */
export interface MemoryHostOptions {
  /** The network; the example network by default. */
  readonly net?: NetBackend;
  /** The terminal; none by default. */
  readonly terminal?: TerminalBackend;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
  /** Lines for the operator; dropped by default. */
  readonly report?: (line: string) => void;
}

/**
 * Makes a host in memory.
 *
 * @param options Parts to replace.
 */
export function createMemoryHost(options: MemoryHostOptions = {}): Host {
  return Object.freeze({
    name: "memory",
    net: options.net ?? new ExampleNetwork(),
    terminal: options.terminal ?? { open: () => Promise.resolve(null) },
    clock: options.clock ?? systemClock,
    state: null,
    inventory: { publish: () => {}, collect: () => Promise.resolve([]) },
    launch: {
      mainModule: "file:///example/main.ts",
      pid: 1,
      inWorker: false,
      showsInitialEnv: false,
      initialEnv: () => undefined,
      env: () => undefined,
    },
    report: options.report ?? (() => {}),
    networkState: () => Promise.resolve("granted" as const),
  });
}
