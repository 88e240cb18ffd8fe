/**
 * Testing without a network, a terminal or an operator: a host in memory whose answers a test decides. It reaches nothing
 * real and cannot be given anything real (CON-16).
 *
 * @module
 */
import { ManualClock } from "./core/manual_clock.ts";
import { createEngineHost } from "./net/engine/engine_host.ts";
import type { NetContext } from "./net/context.ts";
import { createDirectSockets, type DirectSockets } from "./net/faces/direct_sockets/mod.ts";
import type { SocketAddress } from "./net/port.ts";
import { createRawSockets, type NavigatorRawSockets } from "./net/faces/raw_sockets/mod.ts";
import { createServers, type Servers } from "./net/faces/servers/mod.ts";
import { createWinterTcSockets, type WinterTcSockets } from "./net/faces/wintertc/mod.ts";
import { createPermissions, type Permissions } from "./permissions/api/mod.ts";
import { Broker } from "./permissions/broker.ts";
import { parseLaunchRules } from "./permissions/launch_rules.ts";
import { NO_AUDIT } from "./permissions/audit/audit_port.ts";
import { AttemptLimits, DEFAULT_ATTEMPT_LIMITS, NO_COUNTER } from "./permissions/attempt_limits.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy } from "./permissions/policy.ts";
import { mainRequester } from "./permissions/main_requester.ts";
import type { Answer, Prompter, Question } from "./permissions/prompter.ts";
import { MemoryStore } from "./permissions/store.ts";
import { createFaultPlan, type FaultOptions } from "./runtime/memory/faults.ts";
import { MemoryNetwork, type MemoryService } from "./runtime/memory/net.ts";
import { AT_ONCE } from "./permissions/refusal_tick.ts";

export { ManualClock } from "./core/manual_clock.ts";
export type { Clock, Timer } from "./core/clock.ts";
export type { Answer, DenyReason, Lifetime, Question, Risk } from "./permissions/prompter.ts";
export type { FaultOptions } from "./runtime/memory/faults.ts";
export { memoryCertificate } from "./runtime/memory/memory_certificate.ts";
export { type MemoryIdentity, memoryTlsServer } from "./runtime/memory/memory_tls.ts";
export type { MemoryService } from "./runtime/memory/net.ts";
export type { CanonicalHost } from "./core/host.ts";
export type { Destination, Scheme } from "./core/destination.ts";
export type { IpAddress } from "./core/ip_address.ts";
export type {
  Descriptor,
  DirectSocketsDescriptor,
  ListenDescriptor,
  MulticastDescriptor,
  ProxyRoute,
  TlsClaims,
  UdpPeersDescriptor,
} from "./permissions/descriptor.ts";
export type { CodeHash, OriginKind, Requester, RequesterEvidence, RequesterRole } from "./permissions/requester.ts";
export type { DirectSockets } from "./net/faces/direct_sockets/mod.ts";
export type { Servers } from "./net/faces/servers/mod.ts";
export type { WinterTcSockets } from "./net/faces/wintertc/mod.ts";
export type {
  PermissionChangeHandler,
  PermissionDescriptor,
  Permissions,
  PermissionStatus,
} from "./permissions/api/mod.ts";
export type { PermissionState } from "./permissions/judge.ts";
export type { FeatureName } from "./permissions/feature.ts";
export type { PeerKeyFacts } from "./permissions/pins/peer_key_facts.ts";
export type { NavigatorRawSockets } from "./net/faces/raw_sockets/mod.ts";
export type { ByteLink, SocketAddress } from "./net/port.ts";

/** What a test decides. */
export interface TestHostOptions {
  /** Answers a question; every question is refused when absent. */
  readonly answer?: (question: Question) => Answer | Promise<Answer>;
  /** Destinations approved at launch, as PARLEY_ALLOW would. */
  readonly allow?: readonly string[];
  /** What goes wrong on the network; nothing when absent. Delays are on the host's clock, which the test turns. */
  readonly faults?: FaultOptions;
}

/** The network of a test host: what the test puts there, and what was asked of it. */
export interface TestNetwork {
  /** What was asked of it, in order, as `resolve NAME` and `connect ADDRESS:PORT`: proof of what left, and what did not. */
  readonly log: readonly string[];
  /**
   * Gives a name its addresses. Programs are let through to public ones only, as on a real network.
   *
   * @throws {TypeError} for text that is not an IP address.
   */
  addName(name: string, ...addresses: string[]): void;
  /** Serves an address and port, replacing whoever did. When the service ends, its end of the connection is closed. */
  listen(at: SocketAddress, service: MemoryService): void;
}

/** A Parley of its own, for one test. */
export interface TestHost {
  /** Opens sockets on the network in memory. */
  readonly navigator: NavigatorRawSockets;
  /** The classes of Direct Sockets, whose sockets are opened on it. */
  readonly directSockets: DirectSockets;
  /** `connect()` of the WinterTC Sockets API. */
  readonly wintertc: WinterTcSockets;
  /** `openTCPServer()` and `bindUDPSocket()`; what listens here is reached by the other members. */
  readonly servers: Servers;
  /** What a program may know of its permissions: `navigator.permissions`. */
  readonly permissions: Permissions;
  /** The network: add names and servers to it. */
  readonly network: TestNetwork;
  /** Time stands still until the test turns it on. */
  readonly clock: ManualClock;
  /** The questions that were put, in order. */
  readonly questions: readonly Question[];
  /** The lines that the operator was told. */
  readonly reports: readonly string[];
  /** Takes back every approval that holds for the run. */
  revokeAll(): void;
}

/**
 * Makes a test host.
 *
 * @param options What the test decides.
 *
 * @example A program's behaviour when the operator says no
 * ```ts
 * import { createTestHost } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const { navigator, network } = createTestHost();
 * const refused = navigator.openTCPSocket({ remoteAddress: "mail.example", remotePort: 25 });
 * await assert.rejects(refused, { name: "NotAllowedError" });
 * assert.deepEqual(network.log, []);
 * ```
 *
 * @example A server of the test's own
 * ```ts
 * import { createTestHost } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const { navigator, network } = createTestHost({ answer: () => ({ kind: "allow", lifetime: "once", host: null }) });
 * network.addName("time.example", "93.184.215.14");
 * network.listen({ address: "93.184.215.14", port: 13 }, async (link) => {
 *   await link.write(new TextEncoder().encode("noon"));
 *   await link.closeWrite();
 * });
 * await using socket = await navigator.openTCPSocket({ remoteAddress: "time.example", remotePort: 13 });
 * assert.equal(await new Response(socket.readable).text(), "noon");
 * ```
 *
 * @example A program that reconnects, on a network where much goes wrong
 * ```ts
 * import { createTestHost } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const { navigator, network } = createTestHost({
 *   allow: ["9.9.9.9:13"],
 *   faults: { seed: 7, split: 1, refuse: 0.3, reset: 0.8, afterBytes: [0, 20] },
 * });
 * network.listen({ address: "9.9.9.9", port: 13 }, (link) => link.write(new TextEncoder().encode("noon, and all is well")));
 *
 * // The program under test: what it was told counts once the other side has finished.
 * async function askTheTime(): Promise<string> {
 *   for (;;) {
 *     try {
 *       await using socket = await navigator.openTCPSocket({ remoteAddress: "9.9.9.9", remotePort: 13 });
 *       return await new Response(socket.readable).text();
 *     } catch (error) {
 *       assert.equal((error as DOMException).name, "NetworkError");
 *     }
 *   }
 * }
 *
 * assert.equal(await askTheTime(), "noon, and all is well");
 * assert.ok(network.log.length > 1, "it took more than one attempt");
 * ```
 *
 * @throws {RangeError} for `faults` that cannot be, such as a probability above 1.
 */
export function createTestHost(options: TestHostOptions = {}): TestHost {
  const clock = new ManualClock();
  const { faults } = options;
  const network = new MemoryNetwork({ faults: faults === undefined ? null : createFaultPlan(faults, clock) });
  const questions: Question[] = [];
  const reports: string[] = [];
  const report = (line: string): void => void reports.push(line);
  const prompter: Prompter = {
    ask(question) {
      questions.push(question);
      return Promise.resolve(options.answer?.(question) ?? { kind: "deny", reason: "refused" });
    },
  };
  const broker = new Broker({
    prompter,
    clock,
    store: new MemoryStore(),
    policy: fixedPolicy(
      new Policy({
        rules: parseLaunchRules({ flags: options.allow ?? [], variable: undefined }, report),
        settings: DEFAULT_SETTINGS,
        broken: [],
      }),
    ),
    limits: new AttemptLimits({ clock, counter: NO_COUNTER, settings: () => DEFAULT_ATTEMPT_LIMITS }),
    audit: NO_AUDIT,
    context: () => "allowed",
    runtimeState: () => Promise.resolve("granted"),
    preapprove: () => null,
    report,
    refusalMoment: () => AT_ONCE,
    test: true,
  });
  const context: NetContext = {
    engine: createEngineHost(network, clock),
    broker,
    requester: mainRequester("file:///test/main.ts", 1),
    lifetimes: null,
    claim: null,
    report,
  };
  const source = (): Promise<NetContext> => Promise.resolve(context);
  const navigator = createRawSockets(source);
  const directSockets = createDirectSockets(source);
  const wintertc = createWinterTcSockets(source);
  const servers = createServers(source);
  const permissions = createPermissions(source);
  return Object.freeze({
    navigator,
    directSockets,
    wintertc,
    servers,
    permissions,
    network,
    clock,
    questions,
    reports,
    revokeAll: () => broker.revokeAll(),
  });
}
