/**
 * Measures what a decision costs: `deno run -A bench/decision.ts`, `bun bench/decision.ts`, `node bench/decision.ts`.
 * One row for each way in which a request is decided without a question, and beside them the same request through the whole
 * broker, up to its Grant. docs/benchmarks.md explains the figures.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Bench } from "tinybench";
import { ManualClock } from "../core/manual_clock.ts";
import { parseDestinationPattern } from "../core/destination.ts";
import { AttemptLimits, NO_COUNTER } from "../permissions/attempt_limits.ts";
import { NO_AUDIT } from "../permissions/audit/audit_port.ts";
import { Broker } from "../permissions/broker.ts";
import { decide, type DecisionFacts } from "../permissions/decision.ts";
import { connectDescriptor } from "../permissions/descriptor.ts";
import { mainRequester } from "../permissions/main_requester.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy } from "../permissions/policy.ts";
import type { Rule, RuleAuthor } from "../permissions/rule.ts";
import { MemoryStore } from "../permissions/store.ts";
import { parseDestination } from "../core/destination.ts";
import { AT_ONCE } from "../permissions/refusal_tick.ts";

const HELP = `Usage: decision.ts [options]

Measures decisions without a question: by a rule among 10, 1,000 and 10,000 others, by a wildcard behind them, by a
remembered answer, and the same through the whole broker. Prints microseconds at the median and at the 99th percentile.

  --time-ms N   milliseconds of a measurement (500)
  --json        figures as JSON
  --help        this text
`;

const { values } = parseArgs({
  options: {
    "time-ms": { type: "string", default: "500" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const UNLIMITED = { burst: 1e15, perSecond: 1e12 };
const requester = mainRequester("file:///home/me/main.ts", 1);
const destination = parseDestination("mail.example.com:25");
const descriptor = connectDescriptor({ destination, port: 25 });

function rule(author: RuleAuthor, to: string): Rule {
  return {
    id: to,
    author,
    effect: "allow",
    feature: "direct-sockets",
    origins: null,
    to: parseDestinationPattern(to, { wildcards: true }),
    addresses: [],
    skipCors: false,
    untilMs: null,
  };
}

function policyOf(count: number, last: string): Policy {
  const others = Array.from({ length: count - 1 }, (_, n) => rule("operator", `host${n}.example.com:25`));
  const denials = Array.from(
    { length: 10 },
    (_, n): Rule => ({ ...rule("managed", `bad${n}.example.com:*`), effect: "deny" }),
  );
  return new Policy({ rules: [...denials, ...others, rule("operator", last)], settings: DEFAULT_SETTINGS, broken: [] });
}

function factsWith(store: MemoryStore): () => DecisionFacts {
  return () => ({
    insecure: null,
    context: "allowed",
    restricted: false,
    runtime: "granted",
    stored: store.find(requester, descriptor),
    limited: false,
    blocked: false,
    timeMs: 0,
  });
}

function brokerWith(policy: Policy): Broker {
  const clock = new ManualClock();
  return new Broker({
    prompter: { ask: () => Promise.resolve({ kind: "deny", reason: "refused" }) },
    clock,
    store: new MemoryStore(),
    policy: fixedPolicy(policy),
    limits: new AttemptLimits({
      clock,
      counter: NO_COUNTER,
      settings: () => ({ requester: UNLIMITED, destination: UNLIMITED, accountPerMinute: 1e15 }),
    }),
    audit: NO_AUDIT,
    context: () => "allowed",
    runtimeState: () => Promise.resolve("granted"),
    preapprove: () => null,
    report: () => {},
    refusalMoment: () => AT_ONCE,
    test: false,
  });
}

const bench = new Bench({ time: Number(values["time-ms"]), warmupTime: 100 });
const empty = new MemoryStore();
const full = new MemoryStore();
full.put(requester, descriptor, { effect: "allow", lifetime: "run" });
for (const count of [10, 1_000, 10_000]) {
  const policy = policyOf(count, "mail.example.com:25");
  const facts = factsWith(empty);
  bench.add(`a rule among ${count}`, () => void decide({ requester, descriptor }, policy, facts()));
}
const wild = policyOf(1_000, "*.example.com:25");
bench.add("a wildcard behind 1000", () => void decide({ requester, descriptor }, wild, factsWith(empty)()));
const none = new Policy({ rules: [], settings: DEFAULT_SETTINGS, broken: [] });
const answered = factsWith(full);
bench.add("an answer of this run", () => void decide({ requester, descriptor }, none, answered()));
const broker = brokerWith(policyOf(1_000, "mail.example.com:25"));
const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
bench.add("a rule among 1000, to the Grant", async () => void await broker.request(requester, descriptor, options));
await bench.run();

const figures = bench.tasks.map(({ name, result }) => {
  const latency = "latency" in result ? result.latency : null;
  return { name, medianUs: (latency?.p50 ?? NaN) * 1000, p99Us: (latency?.p99 ?? NaN) * 1000 };
});
if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
else {
  for (const { name, medianUs, p99Us } of figures) {
    console.log(`${name.padEnd(34)} ${medianUs.toFixed(2).padStart(8)} µs   p99 ${p99Us.toFixed(2).padStart(8)} µs`);
  }
}
