/** Puts a broker together for a host: prompter, rules given at launch, and what the operator is told. */
import { formatDestination } from "../core/destination.ts";
import { hardened } from "../core/dictionary.ts";
import { shellQuote } from "../core/escape.ts";
import type { Host } from "../runtime/host.ts";
import { AttemptLimits, DEFAULT_ATTEMPT_LIMITS, NO_COUNTER } from "./attempt_limits.ts";
import { NO_AUDIT } from "./audit/audit_port.ts";
import { Broker } from "./broker.ts";
import { parseLaunchRules } from "./launch_rules.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy } from "./policy.ts";
import type { Prompter } from "./prompter.ts";
import { MemoryStore } from "./store.ts";
import { createTerminalPrompter } from "./terminal/mod.ts";

/** How a broker differs from that of an ordinary script. */
export interface ComposeOptions {
  /** Destinations of `--allow` flags; only a command that parses its own flags has any. */
  readonly allow?: readonly string[];
  /** Whether this realm may not ask. */
  readonly mayNotAsk?: boolean;
  /** How the operator approves in advance: by the command's flag, by the variable (default), or not at all. */
  readonly preapproveBy?: "flag" | "variable" | null;
}

/**
 * Makes the broker of a process.
 *
 * @param host The runtime.
 * @param given Differences from an ordinary script.
 */
export function composeBroker(host: Host, given: ComposeOptions = {}): Broker {
  // An `allow` on Object.prototype approves nothing (CORE-01).
  const options = hardened(given);
  const report = (line: string): void => host.report(line);
  const flags = options.allow ?? [];
  const rules = parseLaunchRules(
    { flags, variable: host.launch.initialEnv("PARLEY_ALLOW") },
    (message) => report(`parley: ${message}`),
  );
  return new Broker({
    prompter: host.name === "memory" ? examplePrompter : createTerminalPrompter(host),
    clock: host.clock,
    store: new MemoryStore(),
    policy: fixedPolicy(new Policy({ rules, settings: DEFAULT_SETTINGS, broken: [] })),
    limits: new AttemptLimits({ clock: host.clock, counter: NO_COUNTER, settings: () => DEFAULT_ATTEMPT_LIMITS }),
    audit: NO_AUDIT,
    context: () => host.launch.inWorker ? "worker" : options.mayNotAsk === true ? "second-copy" : "allowed",
    runtimeState: ({ destination }) =>
      destination === null ? Promise.resolve("granted") : host.networkState(destination.host.text, destination.port),
    preapprove: (destination) => {
      if (options.preapproveBy === null) return null;
      const quoted = shellQuote(formatDestination(destination));
      if (options.preapproveBy === "flag") return `--allow ${quoted}`;
      // A variable that cannot be read approves nothing; on Deno that takes all permissions.
      return host.launch.showsInitialEnv ? `PARLEY_ALLOW=${quoted}` : `PARLEY_ALLOW=${quoted} with deno run -A`;
    },
    report,
    test: host.name === "memory",
  });
}

/** On the host that reaches nothing real, examples need no operator. */
const examplePrompter: Prompter = Object.freeze({
  ask: () => Promise.resolve({ kind: "allow", lifetime: "once", host: "echo.example" } as const),
});
