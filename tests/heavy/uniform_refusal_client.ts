/**
 * Asks for connections of several kinds, many times, mixed, and prints what it was told of each and when: one JSON record a
 * line, as {@linkcode TriedKind}, in the end. Its broker is put together here, so that a managed policy can refuse and
 * no limit of attempts decides.
 *
 * Argument 1: JSON of {@linkcode TriesPlan}.
 */
import process from "node:process";
import { AttemptLimits, DEFAULT_ATTEMPT_LIMITS, NO_COUNTER } from "../../permissions/attempt_limits.ts";
import { fixedPolicy } from "../../permissions/policy.ts";
import { createEngineHost } from "../../net/engine/engine_host.ts";
import { createRawSockets, type TCPSocketOptions } from "../../net/faces/raw_sockets/mod.ts";
import { autoHost } from "../../runtime/auto.ts";
import { brokerFixture, REQUESTER } from "../support/broker_fixture.ts";
import { policy, rule } from "../support/policy_fixture.ts";
import { RefusalTick } from "../../permissions/refusal_tick.ts";

/** One kind of destination. */
export interface TryKind {
  /** Its name in the report. */
  readonly kind: string;
  /** What is asked for. */
  readonly options: TCPSocketOptions;
}

/** What the program does. */
export interface TriesPlan {
  /** The kinds. */
  readonly kinds: readonly TryKind[];
  /** Attempts of each kind. */
  readonly tries: number;
  /** Attempts at once. */
  readonly atOnce: number;
  /** Milliseconds, at most, that each waits before it begins. */
  readonly spreadMs: number;
  /** Destinations that a flag approves. */
  readonly allow: readonly string[];
  /** Destinations that the managed policy refuses. */
  readonly deny: readonly string[];
  /** Whether the policy lets somebody be asked; there is no terminal either way. */
  readonly prompt: boolean;
}

/** What came of one kind. */
export interface TriedKind {
  /** Its name in the report. */
  readonly kind: string;
  /** What it was told, with what stands for the request in place of it, and how often. */
  readonly told: Readonly<Record<string, number>>;
  /** Milliseconds of each attempt. */
  readonly timesMs: readonly number[];
}

const MANY = Object.freeze({ burst: 1e9, perSecond: 1e9 });

const plan = JSON.parse(process.argv[2] ?? "null") as TriesPlan;
const navigator = await openHost();
const results = plan.kinds.map(({ kind }) => ({ kind, told: {} as Record<string, number>, timesMs: [] as number[] }));
const waiting = mixed(plan.kinds.flatMap((_, index) => Array<number>(plan.tries).fill(index)));
await Promise.all(Array.from({ length: plan.atOnce }, async () => {
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) await tryOnce(index);
}));
for (const result of results) {
  // A pipe takes its time, and the end of the process would not wait for it.
  await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, () => resolve()));
}
process.exit(0);

async function openHost() {
  const host = await autoHost();
  const rules = [
    ...plan.allow.map((to) => rule("flag", "allow", to)),
    ...plan.deny.map((to) => rule("managed", "deny", to)),
  ];
  const { broker } = brokerFixture([], {
    refusalMoment: () => new RefusalTick(),
    clock: host.clock,
    policy: fixedPolicy(policy(rules, { prompt: plan.prompt })),
    prompter: { ask: () => Promise.resolve({ kind: "deny", reason: "no-terminal" }) },
    limits: new AttemptLimits({
      clock: host.clock,
      counter: NO_COUNTER,
      settings: () => ({ ...DEFAULT_ATTEMPT_LIMITS, requester: MANY, destination: MANY, accountPerMinute: Infinity }),
    }),
    runtimeState: ({ destination }) =>
      destination === null ? Promise.resolve("granted") : host.networkState(destination.host.text, destination.port),
    report: () => {},
  });
  const engine = createEngineHost(host.net, host.clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report: () => {} };
  return createRawSockets(() => Promise.resolve(context));
}

async function tryOnce(index: number): Promise<void> {
  const { options } = plan.kinds[index] as TryKind;
  const { told, timesMs } = results[index] as (typeof results)[number];
  if (plan.spreadMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * plan.spreadMs));
  const fromMs = performance.now();
  const outcome = await navigator.openTCPSocket(options).then(
    async (socket) => {
      timesMs.push(performance.now() - fromMs);
      await socket[Symbol.asyncDispose]();
      return "open";
    },
    (error: DOMException & { readonly cause?: { readonly code?: string } }) => {
      timesMs.push(performance.now() - fromMs);
      const request = `${options.remoteAddress}:${options.remotePort}`;
      return `${error.name}: ${error.message.replaceAll(request, "REQUEST")}: ${error.cause?.code ?? "no cause"}`;
    },
  );
  // The address of an approved host that fails stands in the message; the code is what is compared then.
  const text = /: no cause$|^open$/.test(outcome) ? outcome : outcome.replace(/: .*: /, ": … : ");
  told[text] = (told[text] ?? 0) + 1;
}

/** In an order by chance, so that what changes over time changes for all kinds. */
function mixed(list: number[]): number[] {
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [list[at], list[other]] = [list[other] as number, list[at] as number];
  }
  return list;
}
