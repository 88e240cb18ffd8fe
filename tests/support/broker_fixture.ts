/** A broker with a scripted prompter, for tests of decisions. */
import { ManualClock } from "../../core/manual_clock.ts";
import { makeDestination } from "../../core/destination.ts";
import { canonicalHost } from "../../core/host.ts";
import { Broker, type BrokerInit } from "../../permissions/broker.ts";
import { connectDescriptor, type DirectSocketsDescriptor, type TlsClaims } from "../../permissions/descriptor.ts";
import { parseLaunchRules } from "../../permissions/launch_rules.ts";
import { NO_AUDIT } from "../../permissions/audit/audit_port.ts";
import { AttemptLimits, DEFAULT_ATTEMPT_LIMITS, NO_COUNTER } from "../../permissions/attempt_limits.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy } from "../../permissions/policy.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import type { Answer, Question } from "../../permissions/prompter.ts";
import type { Requester } from "../../permissions/requester.ts";
import { MemoryStore } from "../../permissions/store.ts";
import { AT_ONCE } from "../../permissions/refusal_tick.ts";

/** Answers to give, in order; further questions are refused. */
export type Script = readonly Answer[];

/** `y`. */
export const ONCE: Answer = { kind: "allow", lifetime: "once", host: null };
/** `r`. */
export const RUN: Answer = { kind: "allow", lifetime: "run", host: null };
/** Enter. */
export const NO: Answer = { kind: "deny", reason: "refused" };

/** A broker and what happened around it. */
export interface BrokerFixture {
  readonly broker: Broker;
  readonly clock: ManualClock;
  /** The questions that were put. */
  readonly questions: Question[];
  /** The lines the operator was told. */
  readonly reports: string[];
}

/** The usual requester. */
export const REQUESTER: Requester = mainRequester("file:///home/me/main.ts", 42);

/** Makes a broker whose operator gives the scripted answers. */
export function brokerFixture(
  script: Script,
  options: { readonly allow?: readonly string[] } & Partial<BrokerInit> = {},
): BrokerFixture {
  const answers = [...script];
  const questions: Question[] = [];
  const reports: string[] = [];
  const clock = new ManualClock();
  const { allow = [], ...overrides } = options;
  const broker = new Broker({
    prompter: {
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(answers.shift() ?? NO);
      },
    },
    clock,
    store: new MemoryStore(),
    policy: fixedPolicy(
      new Policy({
        rules: parseLaunchRules({ flags: allow, variable: undefined }, (message) => reports.push(message)),
        settings: DEFAULT_SETTINGS,
        broken: [],
      }),
    ),
    limits: new AttemptLimits({ clock, counter: NO_COUNTER, settings: () => DEFAULT_ATTEMPT_LIMITS }),
    audit: NO_AUDIT,
    context: () => "allowed",
    runtimeState: () => Promise.resolve("granted"),
    preapprove: () => "PARLEY_ALLOW=x",
    report: (line) => reports.push(line),
    refusalMoment: () => AT_ONCE,
    test: false,
    ...overrides,
  });
  return { broker, clock, questions, reports };
}

/** A request for a TCP destination. */
export function tcp(host: string, port: number, tls: TlsClaims | null = null): DirectSocketsDescriptor {
  const scheme = tls?.mode === "open" ? "tls" : "tcp";
  return connectDescriptor({ destination: makeDestination({ scheme, host: canonicalHost(host), port }), port, tls });
}
