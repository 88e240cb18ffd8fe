/** What every back end must do with TCP: one suite, run against each runtime's back end and the memory one. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { isParleyError } from "../../core/errors.ts";
import type { ByteLink, ConnectOptions, NetGaps } from "../../net/port.ts";
import { test, type TestOptions } from "../support/harness.ts";
import { testGrant } from "../support/test_grant.ts";
import type { ContractHost, ContractServer, ContractService } from "./contract_host.ts";
import { collect, discard, echo, patternBytes, stalled, utf8 } from "./link_tools.ts";

/** What a test of the suite works with. */
interface Scene {
  readonly host: ContractHost;
  /** Starts a server and connects to it. */
  dial(service: ContractService, options?: Partial<ConnectOptions>): Promise<ByteLink>;
  /** Starts a server; it is stopped after the test. */
  listen(service: ContractService): Promise<ContractServer>;
}

const MIB = 1024 * 1024;

/** Connect options with defaults. */
export function connectOptions(options: Partial<ConnectOptions> = {}): ConnectOptions {
  return { signal: new AbortController().signal, noDelay: true, keepAliveDelayMs: null, ...options };
}

/** Whether a promise rejects with a code. */
export function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isParleyError(error), `not a ParleyError: ${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/**
 * Registers the suite.
 *
 * @param name The back end's name, put before each title.
 * @param makeHost Makes the host for one test.
 * @param gaps What the back end is known to lack: the suite fails when it says something else.
 */
export function netContract(name: string, makeHost: () => ContractHost, gaps: NetGaps): void {
  const check = (title: string, body: (scene: Scene) => Promise<void>, options: TestOptions = {}): void =>
    test(`${name}: ${title}`, () => withScene(makeHost(), body), options);

  connecting(check, gaps);
  reading(check);
  ending(check, gaps);
  flowing(check);
}

type Check = (title: string, body: (scene: Scene) => Promise<void>, options?: TestOptions) => void;

async function withScene(host: ContractHost, body: (scene: Scene) => Promise<void>): Promise<void> {
  const servers: ContractServer[] = [];
  const links: ByteLink[] = [];
  const listen = async (service: ContractService): Promise<ContractServer> => {
    const server = await host.listen(service);
    servers.push(server);
    return server;
  };
  const dial = async (service: ContractService, options: Partial<ConnectOptions> = {}): Promise<ByteLink> => {
    const { address, port } = await listen(service);
    const link = await host.net.connect(testGrant(), { address, port }, connectOptions(options));
    links.push(link);
    return link;
  };
  try {
    await body({ host, dial, listen });
  } finally {
    for (const link of links) link.close();
    for (const server of servers) await server.stop();
  }
}

function connecting(check: Check, gaps: NetGaps): void {
  check("reports both ends of a connection as canonical addresses", async ({ host, listen }) => {
    const { address, port } = await listen(echo);
    const link = await host.net.connect(testGrant(), { address, port }, connectOptions());
    assert.deepEqual(link.remote, { address: address.text, port });
    assert.ok(link.local.port > 0);
    link.close();
  });

  check("refuses with NET_REFUSED where nothing listens", async ({ host, listen }) => {
    const { address, port, stop } = await listen(echo);
    await stop();
    await rejectsWith(host.net.connect(testGrant(), { address, port }, connectOptions()), "NET_REFUSED");
  });

  check("NET-24 refuses a name that does not exist with NET_DNS", async ({ host }) => {
    const options = { type: null, signal: new AbortController().signal };
    await rejectsWith(host.net.resolve(testGrant(), "does-not-exist.invalid", options), "NET_DNS");
  });

  check("does not begin to look up or connect when the signal has already fired", async ({ host, listen }) => {
    let accepted = 0;
    const { address, port } = await listen((link) => (accepted++, echo(link)));
    const signal = AbortSignal.abort(new TypeError("before"));
    await rejectsWith(host.net.resolve(testGrant(), "mail.example", { type: null, signal }), "NET_ABORTED");
    await rejectsWith(host.net.connect(testGrant(), { address, port }, connectOptions({ signal })), "NET_ABORTED");
    assert.equal(accepted, 0);
  });

  check("keeps the reason of an abort as the cause", async ({ host, listen }) => {
    const { address, port } = await listen(echo);
    const reason = new TypeError("mine");
    const attempt = host.net.connect(
      testGrant(),
      { address, port },
      connectOptions({ signal: AbortSignal.abort(reason) }),
    );
    await assert.rejects(attempt, (error: Error) => error.cause === reason);
  });

  check(
    "rejects at once when the signal fires during the attempt, and leaves no connection open",
    async ({ host, listen }) => {
      const ends: Promise<number>[] = [];
      const { address, port } = await listen((link) => {
        const ended = link.read(new Uint8Array(1)).catch(() => 0);
        ends.push(ended);
        return ended.then(() => {});
      });
      const controller = new AbortController();
      const attempt = host.net.connect(testGrant(), { address, port }, connectOptions({ signal: controller.signal }));
      controller.abort();
      await rejectsWith(attempt, "NET_ABORTED");
      // Where the kernel had connected already, the server sees the end.
      await stalled(() => ends.length);
      assert.deepEqual(new Set(await Promise.all(ends)), new Set(ends.length === 0 ? [] : [0]));
    },
  );

  check("does not mind a signal that fires after the connection is open", async ({ dial }) => {
    const controller = new AbortController();
    const link = await dial(echo, { signal: controller.signal });
    controller.abort();
    await link.write(utf8("still here"));
    assert.equal(await link.read(new Uint8Array(20)), 10);
  });

  check("says what it lacks, and lacks nothing else", ({ host }) => {
    assert.deepEqual({ ...host.net.gaps }, { ...gaps });
    return Promise.resolve();
  });

  check("NET-04 leaves no descriptor open after 50 connections", async ({ host, listen }) => {
    if (!host.traits.realSockets) return;
    const { address, port } = await listen(discard);
    const once = async (): Promise<void> => {
      const link = await host.net.connect(testGrant(), { address, port }, connectOptions());
      await link.write(utf8("x"));
      link.close();
      link.close();
    };
    await once();
    await settledDescriptors();
    const before = await settledDescriptors();
    for (let i = 0; i < 50; i++) await once();
    const after = await settledDescriptors();
    assert.ok(after <= before + 2, `${before} descriptors before, ${after} after`);
  });
}

function reading(check: Check): void {
  check("reads into a view at an offset and touches nothing around it", async ({ dial }) => {
    const link = await dial((peer) => Promise.resolve(peer.write(utf8("abc"))).then(() => discard(peer)));
    const memory = new Uint8Array(8).fill(0xee);
    let got = 0;
    while (got < 3) got += await link.read(memory.subarray(2 + got, 5));
    assert.deepEqual([...memory], [0xee, 0xee, 0x61, 0x62, 0x63, 0xee, 0xee, 0xee]);
  });

  check("refuses an empty view, which could not be told from the end", async ({ dial }) => {
    const link = await dial(echo);
    await assert.rejects(link.read(new Uint8Array(0)), RangeError);
  });

  check("NET-03 gives chunks whose buffer can be transferred without harm to later ones", async ({ dial }) => {
    const sent = patternBytes(MIB);
    const link = await dial((peer) =>
      Promise.resolve(peer.write(sent)).then(() => peer.closeWrite()).then(() => discard(peer))
    );
    const digest = createHash("sha256");
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) {
      const { byteOffset, byteLength } = chunk;
      const moved = chunk.buffer.transfer();
      assert.equal(chunk.byteLength, 0);
      digest.update(new Uint8Array(moved, byteOffset, byteLength));
    }
    assert.equal(digest.digest("hex"), createHash("sha256").update(sent).digest("hex"));
  });

  check("mixes reads of a few bytes with whole chunks without losing any", async ({ dial }) => {
    const sent = patternBytes(300_000);
    const link = await dial((peer) =>
      Promise.resolve(peer.write(sent)).then(() => peer.closeWrite()).then(() => discard(peer))
    );
    const got: number[] = [];
    for (let turn = 0;; turn++) {
      const view = new Uint8Array(turn % 7 + 1);
      const chunk = turn % 2 === 0 ? view.subarray(0, await link.read(view)) : await link.readChunk();
      if (chunk === null || chunk.byteLength === 0) break;
      for (const byte of chunk) got.push(byte);
    }
    assert.ok(Uint8Array.from(got).every((byte, i) => byte === sent[i]));
    assert.equal(got.length, sent.byteLength);
  });
}

function ending(check: Check, gaps: NetGaps): void {
  check("DS-25 goes on writing after the far end has ended its side", async ({ dial }) => {
    let heard = "";
    const done = Promise.withResolvers<void>();
    const link = await dial(async (peer) => {
      await peer.closeWrite();
      heard = new TextDecoder().decode(await collect(peer));
      done.resolve();
    });
    assert.equal(await link.readChunk(), null);
    assert.equal(await link.read(new Uint8Array(1)), 0);
    await link.write(utf8("after the end"));
    await link.closeWrite();
    await done.promise;
    assert.equal(heard, "after the end");
  });

  check("DS-33 ends its own side after flushing and goes on reading", async ({ dial }) => {
    const link = await dial(async (peer) => {
      const heard = await collect(peer);
      await peer.write(utf8(`heard ${heard.byteLength}`));
      await peer.closeWrite();
    });
    await link.write(patternBytes(200_001));
    await link.closeWrite();
    await link.closeWrite();
    assert.equal(new TextDecoder().decode(await collect(link)), "heard 200001");
    await rejectsWith(Promise.resolve(link.write(utf8("x"))), "NET_CLOSED");
  });

  check("keeps what arrives after its own side has ended, also when it reads late", async ({ dial }) => {
    const sent = patternBytes(3 * MIB);
    const link = await dial(async (peer) => {
      await collect(peer);
      await peer.write(sent);
      await peer.closeWrite();
    });
    await link.closeWrite();
    const first = await link.readChunk();
    await stalled(() => link.bufferedBytes);
    const rest = await collect(link);
    assert.equal(first!.byteLength + rest.byteLength, sent.byteLength);
  });

  check("DS-26 reports a reset by the far end as NET_RESET, to readers and writers", async ({ dial }) => {
    const link = await dial(async (peer) => {
      await peer.readChunk();
      peer.reset();
    });
    await link.write(utf8("now"));
    await rejectsWith(link.readChunk(), "NET_RESET");
    const writes = (async () => {
      for (let i = 0; i < 100; i++) await link.write(new Uint8Array(1000));
    })();
    await rejectsWith(writes, "NET_RESET");
  });

  check("NET-04 rejects a pending read with NET_CLOSED when it is closed", async ({ dial }) => {
    const link = await dial(discard);
    const pending = rejectsWith(link.readChunk(), "NET_CLOSED");
    link.close();
    await pending;
    await rejectsWith(link.read(new Uint8Array(1)), "NET_CLOSED");
    await rejectsWith(Promise.resolve(link.write(utf8("x"))), "NET_CLOSED");
    await rejectsWith(link.closeWrite(), "NET_CLOSED");
    link.reset();
  });

  check("NET-04 rejects a pending write with NET_CLOSED when it is closed", async ({ dial }) => {
    const release = Promise.withResolvers<void>();
    const link = await dial(() => release.promise);
    let written = 0;
    const pending = rejectsWith(
      (async () => {
        for (;;) await Promise.resolve(link.write(new Uint8Array(MIB))).then(() => written++);
      })(),
      "NET_CLOSED",
    );
    await stalled(() => written);
    link.close();
    await pending;
    release.resolve();
  });

  check("a reset reaches the far end as what the gaps say", async ({ dial }) => {
    const end = Promise.withResolvers<string>();
    const link = await dial(async (peer) => {
      await peer.write(utf8("hello"));
      await collect(peer).then(() => end.resolve("end"), (error) => end.resolve(error.code));
    });
    await link.read(new Uint8Array(5));
    link.reset();
    assert.equal(await end.promise, gaps.resetSendsFin ? "end" : "NET_RESET");
  });
}

function flowing(check: Check): void {
  check("carries 8 MiB both ways at once, unharmed", async ({ dial }) => {
    const sent = patternBytes(8 * MIB);
    const link = await dial(echo);
    const sending = (async () => {
      for (let at = 0; at < sent.byteLength; at += 100_000) await link.write(sent.subarray(at, at + 100_000));
      await link.closeWrite();
    })();
    const got = await collect(link);
    await sending;
    assert.equal(createHash("sha256").update(got).digest("hex"), createHash("sha256").update(sent).digest("hex"));
  });

  check("NET-03 stalls the far end's sender while nobody reads", async ({ dial }) => {
    const total = 32 * MIB;
    const piece = patternBytes(256 * 1024);
    let sent = 0;
    const link = await dial(async (peer) => {
      for (; sent < total; sent += piece.byteLength) await peer.write(piece);
      await peer.closeWrite();
    });
    await link.read(new Uint8Array(1));
    await stalled(() => sent);
    assert.ok(sent < total / 2, `the sender got rid of ${sent} bytes`);
    assert.ok(link.bufferedBytes <= 2 * MIB, `the link holds ${link.bufferedBytes} bytes`);
    let got = 1;
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) got += chunk.byteLength;
    assert.equal(got, total);
  });

  check("NET-03 makes a writer wait while the far end does not read, then finishes", async ({ dial }) => {
    const total = 32 * MIB;
    const release = Promise.withResolvers<void>();
    const counted = Promise.withResolvers<number>();
    const link = await dial(async (peer) => {
      await release.promise;
      let got = 0;
      for (let chunk = await peer.readChunk(); chunk !== null; chunk = await peer.readChunk()) got += chunk.byteLength;
      counted.resolve(got);
    });
    let written = 0;
    const piece = patternBytes(MIB);
    const writing = (async () => {
      for (; written < total; written += piece.byteLength) await link.write(piece);
      await link.closeWrite();
    })();
    await stalled(() => written);
    assert.ok(written < total / 2, `the link took ${written} bytes`);
    release.resolve();
    await writing;
    assert.equal(await counted.promise, total);
  });
}

/** The number of open descriptors once it has come to rest. */
async function settledDescriptors(): Promise<number> {
  const count = (): number => readdirSync("/proc/self/fd").length;
  await stalled(count);
  return count();
}
