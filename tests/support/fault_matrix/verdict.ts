/** What must be true of every run of the fault matrix, and what may have failed in it. */
import { ParleyError } from "../../../core/errors.ts";
import { SocketError } from "../../../net/faces/wintertc/mod.ts";
import { promisedBy } from "./programs.ts";
import { isTroubled, type Scenario } from "./scenario.ts";
import type { Traffic } from "./traffic.ts";

/** What came of a run. */
export interface RunOutcome {
  readonly scenario: Scenario;
  readonly up: Traffic;
  readonly down: Traffic;
  /** What failed at the client. */
  readonly failures: readonly unknown[];
  /** The client's own reason to cancel, abort or break off. */
  readonly reason: unknown;
  /** Parties that are not done although nothing is left to happen. */
  readonly hanging: readonly string[];
  /** Ends of connections that were not released. */
  readonly unreleased: number;
  /** Timers that nobody cancelled. */
  readonly pendingTimers: number;
}

/**
 * Judges a run.
 *
 * @param run What came of it.
 * @returns What must not be; empty when all is well.
 */
export function judge(run: RunOutcome): string[] {
  const { scenario, up, down, hanging, unreleased, pendingTimers } = run;
  const problems = hanging.map((party) => `${party} hangs`);
  for (const { disorder } of [up, down]) if (disorder !== null) problems.push(disorder);
  if (unreleased > 0) problems.push(`${unreleased} connections are not released`);
  // What is approved for the run has a timer of its own, for hours.
  const timers = pendingTimers - Number(scenario.program === "revoke");
  if (hanging.length === 0 && timers > 0) problems.push(`${timers} timers are left`);
  return [...problems, ...judgeFailures(run), ...judgeEnds(scenario, up, down), ...judgePromises(run)];
}

/** An orderly end means that everything has arrived. */
function judgeEnds({ faults, program }: Scenario, up: Traffic, down: Traffic): string[] {
  const problems: string[] = [];
  // A far end that finishes early cannot be told from one that has nothing more to say.
  const whole = down.finished && (down.received === down.sent || down.forfeited);
  if (down.ended && faults.finish !== 1 && !whole) {
    problems.push("the client saw an orderly end of an incomplete download");
  }
  if (up.ended && up.received < up.accepted) problems.push("bytes whose writing had settled did not arrive");
  if (up.ended && up.finished && program !== "pipe" && up.received !== up.sent) {
    problems.push("the peer saw an orderly end of an incomplete upload");
  }
  return problems;
}

/** Where nothing was made to go wrong, what the program saw through has succeeded. */
function judgePromises({ scenario, up, down, failures, reason }: RunOutcome): string[] {
  const promised = promisedBy(scenario.program);
  // Nor is anything noticed where the peer seems to have finished before it said so much.
  const noticed = failures.length > 0 || scenario.faults.finish === 1 || !(promised.up || promised.down);
  if (scenario.injected && (up.received > 0 || down.received > 0 || !noticed)) {
    return ["an upgrade with plaintext before the handshake went on"];
  }
  if (isTroubled(scenario)) return [];
  const problems: string[] = [];
  if (promised.down && !down.ended) problems.push("the download did not come to its end");
  if (promised.up && !endsWithPeer(scenario) && !(up.finished && up.ended && up.received === up.sent)) {
    problems.push("the upload did not come to its end");
  }
  if (promised.up && promised.down && !endsWithPeer(scenario) && failures.some((error) => error !== reason)) {
    problems.push("something failed although nothing went wrong");
  }
  return problems;
}

/** Whether the peer may rightly end the upload before the client does. */
function endsWithPeer({ face, allowHalfOpen, peer, faults }: Scenario): boolean {
  if (peer === "hang-up") return true;
  return face === "wintertc" && !allowHalfOpen && (peer === "duplex" || faults.finish === 1);
}

function judgeFailures({ scenario, failures, reason }: RunOutcome): string[] {
  const allowed = allowedFailures(scenario);
  return failures.flatMap((error) => {
    const kind = error === reason ? "own" : kindOf(error);
    return allowed.has(kind) ? [] : [`an unexpected failure (${kind}): ${describe(error)}`];
  });
}

function allowedFailures(scenario: Scenario): ReadonlySet<string> {
  const { program, peer, tls, injected, faults } = scenario;
  const { reset, finish, refuse, blackhole, lookupFailure } = faults;
  const kinds = new Set<string>();
  const allow = (when: unknown, ...added: string[]): void => {
    if (when) { for (const kind of added) kinds.add(kind); }
  };
  allow(reset || finish || peer === "hang-up", "NET_RESET");
  allow(refuse, "NET_REFUSED");
  allow(blackhole, "NET_TIMEOUT");
  allow(lookupFailure, "refused");
  allow(tls !== "off" && (finish || injected), "TLS_HANDSHAKE", "TLS_LEFTOVER");
  allow(program === "abort" || program === "signal", "own");
  allow(program === "revoke", "refused");
  allow(program === "close", "NET_CLOSED", "closed", "state");
  // A stream that has failed cannot be closed.
  allow(reset || finish || peer === "hang-up", "state");
  allow(program === "abort" || program === "signal" || program === "revoke", "state");
  allow(endsWithPeer(scenario), "closed", "state");
  return kinds;
}

/** A failure as something that a run allows or does not. */
function kindOf(error: unknown): string {
  const { name, cause, message } = error as DOMException & { readonly cause?: unknown };
  if (cause instanceof ParleyError) return cause.code;
  if (name === "NotAllowedError" || /^SocketError: Not allowed/.test(message)) return "refused";
  if (name === "AbortError" || error instanceof SocketError) return "closed";
  return error instanceof TypeError ? "state" : "unknown";
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
