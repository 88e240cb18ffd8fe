import assert from "node:assert/strict";
import { ManualClock } from "../core/manual_clock.ts";
import type { ErrorCode } from "../core/error_codes.ts";
import { isParleyError, ParleyError } from "../core/errors.ts";
import type { Requester } from "../permissions/requester.ts";
import { type BrokerFixture, brokerFixture, REQUESTER, RUN } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { toldLate } from "../tests/support/late_refusal.ts";
import { testGrant, type TestGrantOptions } from "../tests/support/test_grant.ts";
import { memoryTlsServer } from "../runtime/memory/memory_tls.ts";
import { MemoryNetwork } from "../runtime/memory/net.ts";
import { createEngineHost } from "./engine/engine_host.ts";
import { createRawSockets, type NavigatorRawSockets } from "./faces/raw_sockets/mod.ts";
import { holdBack, LATE_REFUSAL_MS, withinJudging } from "./late_refusal.ts";
import { isRefusal } from "./refusal.ts";

const NEVER = new AbortController().signal;
const ADDRESS = "93.184.215.14";

/** What is told of a failure, and what the operator is told meanwhile. */
function attempt(
  error: unknown,
  options: { grant?: TestGrantOptions; signal?: AbortSignal; timeoutMs?: number | null; findsMore?: boolean } = {},
): { readonly clock: ManualClock; readonly told: Promise<unknown>; readonly operator: unknown[] } {
  const { grant = { host: "mail.example" }, signal = NEVER, timeoutMs = null, findsMore = false } = options;
  const clock = new ManualClock();
  const operator: unknown[] = [];
  const terms = { clock, grants: [testGrant(grant)], name: "mail.example", findsMore, signal, timeoutMs };
  const told = holdBack(terms, {
    work: () => Promise.reject(error),
    failed: (failure) => void operator.push(failure),
  }).then(() => assert.fail("it was fulfilled"), (reason) => reason);
  return { clock, told, operator };
}

const failed = (code: ErrorCode): ParleyError => new ParleyError(code, "Cannot go on: a secret");

for (const code of ["NET_DNS", "PERM_ADDRESS", "PERM_DENIED", "NET_OS_DENIED"] as const) {
  test(`NET-17 ${code} after a lookup is told the operator at once, and the program at the deadline, as a refusal`, async () => {
    const error = failed(code);
    const { clock, told, operator } = attempt(error);
    await clock.advance(0);
    assert.deepEqual(operator, [error]);
    const reason = await toldLate(clock, told);
    assert.equal(reason, error, "the code stays for whoever reconnects");
    assert.ok(isRefusal(error));
    assert.equal(clock.pendingTimers, 0);
  });
}

for (const code of ["NET_REFUSED", "NET_TIMEOUT", "TLS_UNTRUSTED", "PERM_REVOKED", "RUNTIME_UNSUPPORTED"] as const) {
  test(`NET-17 ${code} is told at once, as it is`, async () => {
    const error = failed(code);
    const { clock, told } = attempt(error);
    assert.equal(await told, error);
    assert.equal(clock.pendingTimers, 0);
  });
}

test("NET-17 an address is told of at once, unless its host is asked something", async () => {
  const { told } = attempt(failed("NET_DNS"), { grant: { host: "9.9.9.9" } });
  assert.equal(isRefusal(await told as ParleyError), false);
  const asked = attempt(failed("PERM_DENIED"), { grant: { host: "9.9.9.9" }, findsMore: true });
  await toldLate(asked.clock, asked.told);
});

test("NET-17 a program that gives up while it waits is told its own reason at once", async () => {
  const breaker = new AbortController();
  const { clock, told } = attempt(failed("NET_DNS"), { signal: breaker.signal });
  await clock.advance(100);
  breaker.abort(new TypeError("enough"));
  const reason = await told as ParleyError;
  assert.deepEqual([reason.code, (reason.cause as Error).message], ["NET_ABORTED", "enough"]);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-17 a program with less patience is told that time is up, as of a host that does not answer", async () => {
  const { clock, told } = attempt(failed("PERM_ADDRESS"), { timeoutMs: 1_000 });
  let isTold = false;
  void told.then(() => isTold = true);
  await clock.advance(999);
  assert.equal(isTold, false);
  await clock.advance(1);
  const reason = await told;
  assert.ok(isParleyError(reason, "NET_TIMEOUT"));
  assert.equal(reason.message, "Cannot connect within 1000 ms");
});

test("NET-17 judging ends at the deadline, whatever the work does about it", async () => {
  const clock = new ManualClock();
  const terms = { clock, grants: [testGrant({ host: "mail.example" })], name: "mail.example", findsMore: false };
  const told = holdBack({ ...terms, signal: NEVER, timeoutMs: null }, {
    work: (judging) => withinJudging({ signal: NEVER, judging }, () => new Promise<never>(() => {})),
    failed: () => {},
  });
  await assert.rejects(toldLate(clock, told), { code: "NET_DNS", message: /mail\.example: no answer came in time/ });
});

test("NET-17 what is judged in time may take as long as it likes to connect", async () => {
  const clock = new ManualClock();
  const terms = { clock, grants: [testGrant({ host: "mail.example" })], name: "mail.example", findsMore: false };
  const connected = holdBack({ ...terms, signal: NEVER, timeoutMs: null }, {
    work: async (judging) => {
      await withinJudging({ signal: NEVER, judging }, () => Promise.resolve());
      return await new Promise<string>((resolve) => clock.after(20_000, () => resolve("open")));
    },
    failed: () => {},
  });
  await clock.advance(20_000);
  assert.equal(await connected, "open");
  assert.equal(clock.pendingTimers, 0);
});

interface Scene extends BrokerFixture {
  readonly navigator: NavigatorRawSockets;
  readonly network: MemoryNetwork;
}

function scene(requester: Requester = REQUESTER): Scene {
  const fixture = brokerFixture([RUN, RUN, RUN, RUN]);
  const { broker, clock, reports } = fixture;
  const network = new MemoryNetwork();
  const engine = createEngineHost(network, clock);
  const report = (line: string): void => void reports.push(line);
  const context = { engine, broker, requester, lifetimes: null, claim: null, report };
  return { ...fixture, network, navigator: createRawSockets(() => Promise.resolve(context)) };
}

const CORS = "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n";
/** What hosts at port 443 answer, null for nothing; and what the operator is told of it, before the clock is turned. */
const HOSTS = [[CORS, /can be reached with fetch/], ["SSH-2.0-OpenSSH\r\n", /does not speak HTTP/], [
  null,
  null,
]] as const;

/** Waits until the operator was told: TLS in memory takes turns that the clock does not count. */
async function reported({ clock, reports }: BrokerFixture, pattern: RegExp): Promise<void> {
  for (let turn = 0; turn < 10_000 && !reports.some((line) => pattern.test(line)); turn++) await clock.advance(0);
  assert.match(reports.join("\n"), pattern);
}

test("NET-12 NET-17 names that do not exist, that lead inside, that fetch() reaches and that say nothing are told alike", async () => {
  const told = new Set<string>();
  const tell = async (all: Scene, pattern: RegExp | null): Promise<void> => {
    const opening = all.navigator.openTCPSocket({ remoteAddress: "web.example", remotePort: 443 });
    const failing = opening.then(() => assert.fail("it opened"), (error) => error);
    if (pattern !== null) await reported(all, pattern);
    const { name, message, cause } = await toldLate(all.clock, failing);
    told.add(`${name}: ${message}: ${cause}`);
  };
  await tell(scene(), /NET_DNS/);
  const inside = scene();
  inside.network.addName("web.example", "192.168.1.1");
  await tell(inside, /PERM_ADDRESS/);
  for (const [answer, pattern] of HOSTS) {
    const all = scene();
    all.network.addName("web.example", ADDRESS);
    all.network.listen({ address: ADDRESS, port: 443 }, async (link) => {
      const secure = await memoryTlsServer(link, { names: ["web.example"], authority: "public" });
      await secure.readChunk();
      if (answer !== null) await secure.write(new TextEncoder().encode(answer));
      await secure.readChunk().catch(() => {});
    });
    await tell(all, pattern);
    // The second time it is known, and told as late.
    await tell(all, pattern);
  }
  assert.deepEqual([...told], ["NotAllowedError: Not allowed to connect to web.example:443: undefined"]);
});

test("NET-12 NET-17 an address that fetch() reaches is told of as late as a name", async () => {
  const all = scene();
  const { navigator, network, clock } = all;
  network.listen({ address: ADDRESS, port: 443 }, async (link) => {
    const secure = await memoryTlsServer(link, { names: [ADDRESS], authority: "public" });
    await secure.readChunk();
    await secure.write(new TextEncoder().encode(CORS));
    await secure.readChunk();
  });
  const opening = navigator.openTCPSocket({ remoteAddress: ADDRESS, remotePort: 443 });
  const refused = assert.rejects(opening, { name: "NotAllowedError" });
  await reported(all, /no connection to 93\.184\.215\.14:443: .*can be reached with fetch\(\)/);
  await toldLate(clock, refused);
});

test("NET-17 a signal ends the waiting, and the program has its own reason", async () => {
  const { navigator, clock, reports } = scene();
  const breaker = new AbortController();
  const opening = navigator.openTCPSocket({ remoteAddress: "none.example", remotePort: 25, signal: breaker.signal });
  const refused = assert.rejects(opening, { message: "enough" });
  await clock.advance(LATE_REFUSAL_MS - 1);
  assert.match(reports.join("\n"), /none\.example.*NET_DNS/, "the operator was told at once");
  breaker.abort(new TypeError("enough"));
  await refused;
  assert.equal(clock.pendingTimers, 1, "only the end of the approval is waited for");
});

test("NET-17 the operator's own commands are told everything, and at once", async () => {
  const { navigator, network } = scene({ ...REQUESTER, role: "command" });
  const failure = (remoteAddress: string): Promise<DOMException> =>
    navigator.openTCPSocket({ remoteAddress, remotePort: 443 }).then(() => assert.fail("it opened"), (error) => error);
  const unknown = await failure("none.example");
  assert.deepEqual([unknown.name, (unknown.cause as ParleyError).code], ["NetworkError", "NET_DNS"]);
  network.addName("inside.example", "192.168.1.1");
  assert.equal((await failure("inside.example")).name, "NotAllowedError");
});

test("NET-12 a command's line says that port 443 was not asked about", async () => {
  const { navigator, network, reports } = scene({ ...REQUESTER, role: "command" });
  network.addName("web.example", ADDRESS);
  for (const remotePort of [443, 993]) {
    network.listen({ address: ADDRESS, port: remotePort }, async (link) => void await link.readChunk());
    await using _socket = await navigator.openTCPSocket({ remoteAddress: "web.example", remotePort });
  }
  assert.equal(
    reports.filter((line) => /fetch\(\) .*was not asked, because this is your own command/.test(line)).length,
    1,
  );
});

test("NET-17 an address that was approved fails with its own error at once", async () => {
  const { navigator } = scene();
  const opening = navigator.openTCPSocket({ remoteAddress: "192.168.1.1", remotePort: 25 });
  await assert.rejects(opening, (error: DOMException) => (error.cause as ParleyError).code === "NET_REFUSED");
});
