/** Puts a broker together for a host: prompter, policy, store and log, and what the operator is told. */
import { formatDestination } from "../core/destination.ts";
import { hardened } from "../core/dictionary.ts";
import { shellQuote } from "../core/escape.ts";
import { isPrivate, PRIVATE_VARIABLE } from "../core/private_mode.ts";
import type { Host } from "../runtime/host.ts";
import { AttemptLimits, NO_COUNTER } from "./attempt_limits.ts";
import type { AuditSink } from "./audit/audit_port.ts";
import { openAudit } from "./audit/open_audit.ts";
import { Broker } from "./broker.ts";
import type { Delegations } from "./delegation/delegations.ts";
import { parseLaunchRules } from "./launch_rules.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy, type PolicySource } from "./policy.ts";
import { PolicyLoader } from "./policy/policy_loader.ts";
import { RuleRecorder } from "./policy/rule_recorder.ts";
import { type Privacy, privacyOf } from "./privacy.ts";
import type { Prompter } from "./prompter.ts";
import { AT_ONCE, RefusalTick } from "./refusal_tick.ts";
import { MemoryStore, type PermissionStore } from "./store.ts";
import { FileStore } from "./store/file_store.ts";
import { noRecords } from "./store/no_records.ts";
import { createTerminalPrompter } from "./terminal/mod.ts";

/** How a broker differs from that of an ordinary script. */
export interface ComposeOptions {
  /** Destinations of `--allow` flags; only a command that parses its own flags has any. */
  readonly allow?: readonly string[];
  /** Files of `--policy` flags. */
  readonly policyFiles?: readonly string[];
  /** Whether `--private` was given. */
  readonly private?: boolean;
  /** The file of `--record`; by default that of the variable PARLEY_RECORD, if there is one. */
  readonly record?: string;
  /** Whether this realm may not ask. */
  readonly mayNotAsk?: boolean;
  /** What the program delegated; nothing by default. */
  readonly delegations?: Delegations;
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
  const { clock, launch } = host;
  const report = (line: string): void => host.report(line);
  const loaded = policyOf(host, options);
  const byOperator = options.private === true || isPrivate(launch.initialEnv(PRIVATE_VARIABLE)) ||
    loaded.current.settings.privateMode === "required";
  const wanted = byOperator || isPrivate(launch.env(PRIVATE_VARIABLE));
  const privacy = privacyOf(loaded.current.settings, wanted);
  if (privacy.conflict !== null) report(`parley: nothing is approved: ${privacy.conflict}`);
  const policy = privacy.conflict === null ? loaded : brokenPolicy(loaded);
  const broker = new Broker({
    prompter: host.name === "memory" ? examplePrompter : createTerminalPrompter(host),
    clock,
    store: storeOf(host, privacy),
    policy,
    limits: new AttemptLimits({
      clock,
      // A program that makes itself private goes on to count with the others.
      counter: (byOperator ? null : host.state?.attempts()) ?? NO_COUNTER,
      settings: () => policy.current.settings.limits,
    }),
    audit: recorded(host, { audit: auditOf(host, policy, privacy), path: options.record, privacy }),
    context: (requester, feature) => {
      if (launch.inWorker) return "worker";
      if (options.mayNotAsk === true) return "second-copy";
      return options.delegations?.context(requester, feature, policy.current.settings) ?? "allowed";
    },
    runtimeState: ({ destination }) =>
      destination === null ? Promise.resolve("granted") : host.networkState(destination.host.text, destination.port),
    preapprove: (destination) => {
      if (options.preapproveBy === null) return null;
      const quoted = shellQuote(formatDestination(destination));
      if (options.preapproveBy === "flag") return `--allow ${quoted}`;
      // A variable that cannot be read approves nothing; on Deno that takes all permissions.
      return launch.showsInitialEnv ? `PARLEY_ALLOW=${quoted}` : `PARLEY_ALLOW=${quoted} with deno run -A`;
    },
    report,
    refusalMoment: () => host.name === "memory" ? AT_ONCE : new RefusalTick(),
    test: host.name === "memory",
  });
  options.delegations?.onChange(() => broker.delegated());
  return broker;
}

/** The files that decide, and what was given at launch. */
function policyOf(
  { state, clock, launch, report }: Host,
  { allow = [], policyFiles = [] }: ComposeOptions,
): PolicySource {
  const tell = (line: string): void => report(line);
  const launchRules = parseLaunchRules(
    { flags: allow, variable: launch.initialEnv("PARLEY_ALLOW") },
    (message) => tell(`parley: ${message}`),
  );
  if (state === null) return fixedPolicy(new Policy({ rules: launchRules, settings: DEFAULT_SETTINGS, broken: [] }));
  const loader = new PolicyLoader({ files: state.policyFiles(policyFiles), clock, launchRules, report: tell });
  loader.watch();
  return loader;
}

function auditOf({ state, clock, launch, report }: Host, policy: PolicySource, { isPrivate }: Privacy): AuditSink {
  const tell = (line: string): void => report(line);
  return openAudit(state?.audit, { clock, policy, pid: launch.pid, report: tell, isPrivate });
}

/** With learn mode, if it was asked for: by whoever started the process only (CON-15). */
function recorded(
  { state, launch, report }: Host,
  { audit, path, privacy }: {
    readonly audit: AuditSink;
    readonly path: string | undefined;
    readonly privacy: Privacy;
  },
): AuditSink {
  const wanted = path ?? launch.initialEnv("PARLEY_RECORD");
  if (state === null || wanted === undefined || wanted === "") return audit;
  if (privacy.isPrivate) {
    report("parley: nothing is recorded: private mode is on");
    return audit;
  }
  return new RuleRecorder({ audit, file: state.ruleFile(wanted), report: (line) => report(line) });
}

function storeOf({ state, clock, report }: Host, { isPrivate }: Privacy): PermissionStore {
  if (state === null) return new MemoryStore();
  const directory = isPrivate ? noRecords("private mode is on") : state.records("grants");
  return new FileStore({ directory, clock, report: (line) => report(line) });
}

/** Everything is refused, to the end of the run, where what was asked for cannot be had. */
function brokenPolicy(loaded: PolicySource): PolicySource {
  if (loaded instanceof PolicyLoader) loaded.close();
  const { current } = loaded;
  return fixedPolicy(new Policy({ rules: current.rules, settings: current.settings, broken: ["managed"] }));
}

/** On the host that reaches nothing real, examples need no operator. */
const examplePrompter: Prompter = Object.freeze({
  ask: () => Promise.resolve({ kind: "allow", lifetime: "once", host: "echo.example" } as const),
});
