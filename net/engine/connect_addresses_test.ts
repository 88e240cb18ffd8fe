import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import type { Grant } from "../../permissions/grant.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import type { ByteLink, ConnectOptions } from "../port.ts";
import { connectAddresses, interleave } from "./connect_addresses.ts";

const FOUR = ["9.9.9.1", "9.9.9.2", "9.9.9.3"];
const SIX = ["2606:4700::1", "2606:4700::2"];

interface Attempt {
  readonly address: string;
  readonly signal: AbortSignal;
  /** The far end, once let through. */
  far: MemoryLink | null;
  letIn(): void;
  fail(code: ErrorCode): void;
}

/** A network whose connections come about when the test says so. */
class HeldNetwork extends MemoryNetwork {
  readonly attempts: Attempt[] = [];

  override connect(
    _grant: Grant,
    { address, port }: { readonly address: IpAddress; readonly port: number },
    { signal }: ConnectOptions,
  ): Promise<ByteLink> {
    const { promise, resolve, reject } = Promise.withResolvers<ByteLink>();
    const attempt: Attempt = {
      address: address.text,
      signal,
      far: null,
      letIn() {
        const pair = linkPair({ client: { address: "127.0.0.1", port: 1 }, server: { address: address.text, port } });
        attempt.far = pair.server;
        resolve(pair.client);
      },
      fail: (code) => reject(new ParleyError(code, `Cannot connect to ${address.text}`)),
    };
    this.attempts.push(attempt);
    return promise;
  }
}

function addresses(...texts: string[]): IpAddress[] {
  return texts.map((text) => parseIpAddress(text) as IpAddress);
}

function race(texts: readonly string[], signal = new AbortController().signal): {
  net: HeldNetwork;
  clock: ManualClock;
  connecting: Promise<ByteLink>;
  tried(): string[];
} {
  const net = new HeldNetwork();
  const clock = new ManualClock();
  const grant = testGrant({ host: "mail.example", port: 25 });
  const options = { signal, noDelay: false, keepAliveDelayMs: null };
  const target = { addresses: grant.vet(addresses(...texts)), port: 25, options };
  const connecting = connectAddresses({ net, clock }, grant, target);
  connecting.catch(() => {});
  return { net, clock, connecting, tried: () => net.attempts.map(({ address }) => address) };
}

test("NET-14 families take turns, beginning with the resolver's first, and no more than eight addresses are tried", () => {
  const texts = (given: readonly string[]): string[] => interleave(addresses(...given)).map(({ text }) => text);
  assert.deepEqual(texts([...SIX, ...FOUR]), [SIX[0], FOUR[0], SIX[1], FOUR[1], FOUR[2]]);
  assert.deepEqual(texts([...FOUR, ...SIX]), [FOUR[0], SIX[0], FOUR[1], SIX[1], FOUR[2]]);
  const many = Array.from({ length: 100 }, (_, at) => `9.9.8.${at}`);
  assert.deepEqual(texts(many), many.slice(0, 8));
});

test("NET-14 an address that does not answer delays the next by 250 ms, and no more", async () => {
  const { net, clock, connecting, tried } = race(FOUR);
  assert.deepEqual(tried(), FOUR.slice(0, 1));
  await clock.advance(249);
  assert.equal(tried().length, 1);
  await clock.advance(1);
  assert.deepEqual(tried(), FOUR.slice(0, 2));
  net.attempts[1]?.letIn();
  assert.equal((await connecting).remote.address, FOUR[1]);
  await clock.advance(10_000);
  assert.equal(tried().length, 2);
});

test("NET-14 an address that refuses makes room for the next at once", async () => {
  const { net, clock, connecting, tried } = race(FOUR);
  net.attempts[0]?.fail("NET_REFUSED");
  await clock.advance(0);
  assert.deepEqual(tried(), FOUR.slice(0, 2));
  net.attempts[1]?.letIn();
  await connecting;
});

test("NET-04 the losers of the race are aborted, and a connection that comes too late is broken off", async () => {
  const { net, clock, connecting } = race(FOUR);
  await clock.advance(500);
  const [first, second, third] = net.attempts;
  second?.letIn();
  await connecting;
  assert.ok(first?.signal.aborted && third?.signal.aborted);
  first?.letIn();
  await clock.advance(0);
  await assert.rejects(first?.far?.readChunk() ?? Promise.resolve(), { code: "NET_RESET" });
});

test("NET-17 when all fail, the most telling failure is thrown, with the number of attempts", async () => {
  const { net, clock, connecting } = race(FOUR);
  for (const [at, code] of (["NET_TIMEOUT", "NET_REFUSED", "NET_UNREACHABLE"] as const).entries()) {
    net.attempts[at]?.fail(code);
    await clock.advance(0);
  }
  await assert.rejects(connecting, (error: ParleyError) => {
    assert.equal(error.code, "NET_REFUSED");
    assert.equal(error.detail["attempts"], 3);
    return true;
  });
  assert.equal(clock.pendingTimers, 0);
});

test("NET-04 an abort ends all attempts at once and leaves no timer", async () => {
  const stop = new AbortController();
  const { net, clock, connecting } = race(FOUR, stop.signal);
  await clock.advance(250);
  stop.abort(new ParleyError("NET_ABORTED", "Stop"));
  await assert.rejects(connecting, { code: "NET_ABORTED" });
  assert.ok(net.attempts.every(({ signal }) => signal.aborted));
  assert.equal(clock.pendingTimers, 0);
});

test("NET-14 an address that was not judged is refused before any is tried", () => {
  const net = new HeldNetwork();
  const grant = testGrant({ host: "mail.example", port: 25 });
  grant.vet(addresses("9.9.9.1"));
  const options = { signal: new AbortController().signal, noDelay: false, keepAliveDelayMs: null };
  const target = { addresses: addresses("9.9.9.1", "10.0.0.1"), port: 25, options };
  assert.throws(() => connectAddresses({ net, clock: new ManualClock() }, grant, target), { code: "PERM_ADDRESS" });
  assert.equal(net.attempts.length, 0);
});
